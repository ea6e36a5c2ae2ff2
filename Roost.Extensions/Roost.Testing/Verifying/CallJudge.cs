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
        HttpCall[] without = [.. calls.Where(call => NeedsKey(call) && !HasKey(call))];
        if (without.Length == 0) return;
        // What is derived from the key, a hash say, is sent by each try with that key, and by none with another. A step may call in any order.
        HashSet<string> same = SentBy(other), changed = SentBy(await step.TryAsync(key: OtherKey));
        foreach (HttpCall call in without)
        {
            bool isSame = same.Contains(call.Signature), isWithoutKey = changed.Contains(call.Signature);
            if (isWithoutKey) Add(call, " Run with another key, the step has sent the same once more.");
            else if (!isSame && same.Count > 0) Add(call, " Another try with the same key has not sent this request.");
            else if (!isSame || changed.Count == 0) Add(call, "");
        }
    }

    private static HashSet<string> SentBy(StepTry one) => [.. one.Log.Calls.Select(call => call.Signature)];

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

    private void Add(HttpCall call, string compared)
    {
        string place = $"{call.Method} {call.Address.GetLeftPart(UriPartial.Path)}";
        string body = call.Body is null ? "its headers (its body is a stream and was not looked at)" : "its headers, nor in its body";
        run.Add(new()
        {
            Kind = FindingKind.CallWithoutKey,
            Engine = step.Item.Engine,
            Step = step.Step,
            Version = step.Context.Version,
            Paths = [place],
            Seen = $"{place} was sent without the step's key: context.IdempotencyKey stands neither in its URL, nor in {body}.{compared} Its headers: " +
                $"{(call.Headers.Count == 0 ? "none" : string.Join(", ", call.Headers.Select(one => one.Key)))}.",
            ToDo = "a step that is run again calls again, so give the other side context.IdempotencyKey to know that by, say as header Idempotency-Key. " +
                "Where the call may be made twice, name its method in VerifierOptions.MethodsWithoutKey or its host in HostsWithoutKey.",
        });
    }
}
