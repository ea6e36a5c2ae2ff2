using Roost.Testing.Http;

namespace Roost.Testing.Verifying;

/// <summary>Looks for the step's key in the HTTP calls of a try.</summary>
internal sealed class CallJudge(StepUnderTest step, Verification run)
{
    private const string OtherKey = "0123456789abcdeffedcba9876543210";

    /// <param name="made">The try whose calls are looked at.</param>
    /// <param name="other">Another try of the same step.</param>
    public async Task JudgeAsync(StepTry made, StepTry other)
    {
        IReadOnlyList<HttpCall> calls = made.Log.Calls;
        int[] without = [.. Enumerable.Range(0, calls.Count).Where(i => NeedsKey(calls[i]) && !HasKey(calls[i]))];
        if (without.Length == 0) return;
        // What is derived from the key, a hash say, is the same in two tries with one key, and another in a try with another.
        IReadOnlyList<HttpCall> same = other.Log.Calls, changed = (await step.TryAsync(key: OtherKey)).Log.Calls;
        foreach (int i in without)
        {
            bool isSame = i < same.Count && same[i].Signature == calls[i].Signature;
            bool isChanged = i < changed.Count && changed[i].Signature != calls[i].Signature;
            if (!isSame || !isChanged) Add(calls[i], isCompared: i < same.Count && i < changed.Count, isSame);
        }
    }

    private bool NeedsKey(HttpCall call) =>
        !run.Options.MethodsWithoutKey.Contains(call.Method.Method, StringComparer.OrdinalIgnoreCase)
        && !run.Options.HostsWithoutKey.Any(host => host.Equals(call.Address.Host, StringComparison.OrdinalIgnoreCase)
            || host.Equals(call.Address.Authority, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key of this step; that of one before, which only the state can have kept; or another that the state, the payload or the item has.</summary>
    private bool HasKey(HttpCall call) =>
        run.KeysOf(step.Item.Id, step.Context.IdempotencyKey).Any(call.Contains) || call.Headers.Any(IsSavedKey);

    private bool IsSavedKey(KeyValuePair<string, string> header) =>
        header.Key.Contains("idempotency", StringComparison.OrdinalIgnoreCase)
        && header.Value.Trim('"') is { Length: > 0 } value
        && (value == step.Item.Id
            || step.Item.Payload.GetRawText().Contains($"\"{value}\"", StringComparison.Ordinal)
            || step.Before?.Data.GetRawText().Contains($"\"{value}\"", StringComparison.Ordinal) == true);

    private void Add(HttpCall call, bool isCompared, bool isSame)
    {
        string place = $"{call.Method} {call.Address.GetLeftPart(UriPartial.Path)}";
        string body = call.Body is null ? "its headers (its body is a stream and was not looked at)" : "its headers, nor in its body";
        string more = !isCompared ? ""
            : isSame ? " Run with another key, the step has sent the same once more."
            : " Two tries with one key have sent different requests.";
        run.Add(new()
        {
            Kind = FindingKind.CallWithoutKey,
            Engine = step.Item.Engine,
            Step = step.Step,
            Version = step.Context.Version,
            Paths = [place],
            Seen = $"{place} was sent without the step's key: context.IdempotencyKey stands neither in its URL, nor in {body}.{more} Its headers: " +
                $"{(call.Headers.Count == 0 ? "none" : string.Join(", ", call.Headers.Select(one => one.Key)))}.",
            ToDo = "a step that is run again calls again, so give the other side context.IdempotencyKey to know that by, say as header Idempotency-Key. Where " +
                "the call may be made twice, name its method in VerifierOptions.MethodsWithoutKey or its host in HostsWithoutKey.",
        });
    }
}
