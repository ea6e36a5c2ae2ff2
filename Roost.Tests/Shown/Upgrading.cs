using System.Text.Json.Nodes;

namespace Roost.Tests.Shown;

internal sealed record OldMail(string Address);

internal sealed class OldMailEngine : Engine<OldMail>
{
    public override string EngineId => "mail";

    protected override OldMail Init(WorkItem item) => new("ann@example.com");

    protected override Task<Outcome> StepAsync(OldMail mail, StepContext context) => Task.FromResult(Continue(mail, after: TimeSpan.FromMilliseconds(50)));
}

internal sealed record Mail(IReadOnlyList<string> Addresses);

/// <summary>The state was one address and is a list of them.</summary>
internal sealed class MailEngine : Engine<Mail>
{
    public override string EngineId => "mail";

    public override int StateVersion => 2;

    protected override Mail Init(WorkItem item) => new(["ann@example.com"]);

    protected override Task<Outcome> StepAsync(Mail mail, StepContext context) => Task.FromResult(Done(mail));

    protected override JsonNode? Migrate(JsonNode? state, int fromVersion) =>
        fromVersion == 1 ? new JsonObject { ["addresses"] = new JsonArray(state!["address"]!.DeepClone()) } : state;
}

/// <summary>Runs the older engine and then the newer one on one item.</summary>
internal static class Upgrading
{
    public static async Task AnOlderStateIsMigratedAsync(string file)
    {
        string id;
        await using (var before = new RoostRuntime(file))
        {
            before.AddEngine(new OldMailEngine());
            id = await before.EnqueueAsync(new WorkItem("mail"));
            await before.RunUntilIdleAsync();
        }

        await using var after = new RoostRuntime(file);
        after.AddEngine(new MailEngine());
        await after.RunUntilDoneAsync(id);

        (await after.GetSnapshotAsync(id)).DataAs<Mail>().Addresses.Should().Equal("ann@example.com");
    }
}
