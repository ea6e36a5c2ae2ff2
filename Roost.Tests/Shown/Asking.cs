namespace Roost.Tests.Shown;

internal sealed record Approval(bool Approved, string? Why = null);

internal sealed record Deletion(int Files, string? Result = null);

/// <summary>Asks before it deletes.</summary>
internal sealed class DeletionEngine : Engine<Deletion>
{
    public override string EngineId => "deletion";

    protected override Deletion Init(WorkItem item) => item.PayloadAs<Deletion>();

    protected override Task<Outcome> StepAsync(Deletion state, StepContext context) => Task.FromResult(context.Wake switch
    {
        null => Ask<Approval>(state, $"Delete **{state.Files}** files?", within: TimeSpan.FromDays(2), step: "ask"),
        { Answer: { } answer } when answer.As<Approval>().Approved => Done(state with { Result = $"deleted, as {answer.By} has decided" }),
        { Kind: WakeKind.Timeout } => Done(state with { Result = "kept: nobody has answered in time" }),
        _ => Done(state with { Result = "kept" }),
    });
}

/// <summary>A person answers.</summary>
internal static class Asking
{
    public static async Task AnsweredAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new DeletionEngine());
        string id = await roost.EnqueueAsync(new WorkItem("deletion", new Deletion(3)));
        await roost.RunUntilIdleAsync();

        AskInfo ask = (await roost.ListAsksAsync()).Items.Single();
        await roost.AnswerAsync(ask.Id, new Approval(true), by: "ann", comment: "they are copies");
        await roost.RunUntilDoneAsync(id);

        (await roost.GetSnapshotAsync(id)).DataAs<Deletion>().Result.Should().Be("deleted, as ann has decided");
    }
}
