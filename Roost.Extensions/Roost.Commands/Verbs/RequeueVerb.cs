namespace Roost.Commands.Verbs;

/// <summary>Makes a delayed work item ready now.</summary>
internal sealed class RequeueVerb() : ChangeVerb("requeue", "Make a delayed work item ready now.")
{
    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId) =>
        await roost.RequeueNowAsync(workId, call.Reason) ? "ready" : "ready already";
}
