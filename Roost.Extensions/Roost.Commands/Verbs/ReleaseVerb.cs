namespace Roost.Commands.Verbs;

/// <summary>Takes a running work item from its worker.</summary>
internal sealed class ReleaseVerb() : ChangeVerb("release", "Take a running work item from its worker by force; another goes on from the last snapshot.")
{
    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        await roost.ReleaseLeaseAsync(workId, call.Reason);
        return "released";
    }
}
