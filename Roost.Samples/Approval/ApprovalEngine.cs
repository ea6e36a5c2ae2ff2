namespace Roost.Samples.Approval;

/// <summary>What a person decides.</summary>
public sealed record Decision(bool Delete, string? Why = null);

/// <summary>How far the clean-up is.</summary>
public sealed record CleanUp(IReadOnlyList<string> Files, string? Result = null);

/// <summary>Plans to delete files, asks a person, and does what it is told. It deletes nothing: the files are names in its payload.</summary>
public sealed class ApprovalEngine : Engine<CleanUp>
{
    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    public override string EngineId => "approval";

    protected override CleanUp Init(WorkItem item) => new(item.PayloadAs<CleanUp>().Files);

    protected override Task<Outcome> StepAsync(CleanUp state, StepContext context)
    {
        if (context.Wake is not { } wake)
        {
            context.AddArtifactText("plan.md", $"# To be deleted\n\n{string.Join('\n', state.Files.Select(file => $"- {file}"))}\n");
            return Task.FromResult(WaitFor(
                new Wait
                {
                    Ask = Roost.Ask.Of<Decision>($"Delete **{state.Files.Count} files**? The plan is attached.") with { Artifacts = ["plan.md"] },
                    Timeout = Patience,
                },
                state,
                step: "ask"));
        }
        string result = wake switch
        {
            { Answer: { } answer } when answer.As<Decision>() is var decision =>
                $"{(decision.Delete ? "deleted" : "kept")}, as {answer.By} has decided{(decision.Why is null ? "" : $": {decision.Why}")}",
            { Kind: WakeKind.Withdrawn } => "kept: the question was withdrawn",
            _ => "kept: nobody has answered in time",
        };
        return Task.FromResult(Done(state with { Result = result }));
    }
}
