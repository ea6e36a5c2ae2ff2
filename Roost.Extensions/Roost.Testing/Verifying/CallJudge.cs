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
        foreach (HttpCall call in without.Where(call => call.Effect is not null)) AddWithin(call);
        without = [.. without.Where(call => call.Effect is null)];
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
        call.Effect is not { IsRepeated: false }
        && !run.Options.MethodsWithoutKey.Contains(call.Method.Method, StringComparer.OrdinalIgnoreCase)
        && !run.Options.HostsWithoutKey.Any(host => host.Equals(call.Address.Host, StringComparison.OrdinalIgnoreCase)
            || host.Equals(call.Address.Authority, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key of this step; that of one before, which only the state can have kept; or another that the state, the payload or the item has.</summary>
    private bool HasKey(HttpCall call) =>
        run.KeysOf(step.Item.Id, step.Context.IdempotencyKey).Concat(step.Effects.Keys).Any(call.Contains) || call.Headers.Any(IsSavedKey);

    private bool IsSavedKey(KeyValuePair<string, string> header) =>
        header.Key.Contains("idempotency", StringComparison.OrdinalIgnoreCase)
        && header.Value.Trim('"') is { Length: > 0 } value
        && (value == step.Item.Id
            || step.Item.Payload.GetRawText().Contains($"\"{value}\"", StringComparison.Ordinal)
            || step.Before?.Data.GetRawText().Contains($"\"{value}\"", StringComparison.Ordinal) == true);

    /// <summary>In the call of an effect that is repeated where its process dies before the record.</summary>
    private void AddWithin(HttpCall call) => Add(
        call,
        FindingKind.CallWithoutKey,
        "the effect's key, which its call is given,",
        "",
        "an effect whose process dies before its result is recorded is called again, so give the other side the key that the call gets, say as header " +
        "Idempotency-Key; or say Interrupted = Effect.Ask, or a probe. ");

    private void Add(HttpCall call, string compared)
    {
        bool hasEffects = step.Effects.Keys.Length > 0;
        Add(
            call,
            hasEffects ? FindingKind.CallOutsideEffect : FindingKind.CallWithoutKey,
            "the step's key: context.IdempotencyKey",
            compared,
            hasEffects
                ? "a step that is run again calls again, so make the call an effect as well (context.OnceAsync), or give the other side a key of the step's " +
                    "(context.KeyFor). "
                : "a step that is run again calls again, so give the other side context.IdempotencyKey to know that by, say as header Idempotency-Key. ");
    }

    private void Add(HttpCall call, FindingKind kind, string key, string compared, string toDo)
    {
        string place = $"{call.Method} {call.Address.GetLeftPart(UriPartial.Path)}";
        string body = call.Body is null ? "its headers (its body is a stream and was not looked at)" : "its headers, nor in its body";
        run.Add(new()
        {
            Kind = kind,
            Engine = step.Item.Engine,
            Step = step.Step,
            Version = step.Context.Version,
            Paths = [place],
            Seen = $"{place} was sent without {key} stands neither in its URL, nor in {body}.{compared} Its headers: " +
                $"{(call.Headers.Count == 0 ? "none" : string.Join(", ", call.Headers.Select(one => one.Key)))}.",
            ToDo = toDo +
                "Where the call may be made twice, name its method in VerifierOptions.MethodsWithoutKey or its host in HostsWithoutKey.",
        });
    }
}
