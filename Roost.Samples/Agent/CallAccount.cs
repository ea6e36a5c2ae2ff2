using System.Text;
using System.Text.Json;

namespace Roost.Samples.Agent;

/// <summary>How things stood once a worker was killed.</summary>
/// <param name="Received">How many calls the service had received.</param>
/// <param name="Recorded">The calls that had finished: their results were in the file.</param>
internal sealed record Kill(int Received, IReadOnlyList<EffectInfo> Recorded);

/// <summary>
/// The service's journal, held against the effects that the file has recorded. Whether a call was made again is worked out of these two; what does not agree is
/// told.
/// </summary>
internal sealed class CallAccount
{
    private readonly IReadOnlyList<ReceivedCall> journal;
    private readonly IReadOnlyList<EffectInfo> effects;
    private readonly string interrupted;
    private readonly IReadOnlyList<Kill> kills;

    /// <param name="journal">What the service has received, in its order.</param>
    /// <param name="effects">What the file has recorded.</param>
    /// <param name="interrupted">The key of the call in which a worker was killed.</param>
    /// <param name="kills">How things stood at each kill.</param>
    public CallAccount(IReadOnlyList<ReceivedCall> journal, IReadOnlyList<EffectInfo> effects, string interrupted, IReadOnlyList<Kill> kills)
    {
        (this.journal, this.effects, this.interrupted, this.kills) = (journal, effects, interrupted, kills);
        Faults = [.. Unknown(), .. effects.SelectMany(FaultsOf), .. MadeAgain()];
    }

    /// <summary>What does not agree; nothing where the account holds.</summary>
    public IReadOnlyList<string> Faults { get; }

    public override string ToString()
    {
        var text = new StringBuilder("The service's journal against the effects in the file\n");
        text.Append($"  from  {"effect",-13}{"key",-34}received  counted  in the file\n");
        foreach (EffectInfo effect in effects)
        {
            string row = $"  v{effect.Version,-5}{effect.Path,-13}{effect.Key,-34}{Received(effect),8}{Counted(effect),9}";
            text.Append($"{row}  {effect.State.ToString().ToLowerInvariant()}\n");
        }
        foreach (string fault in Faults) text.Append($"WRONG: {fault}\n");
        if (Faults.Count > 0) return text.ToString().TrimEnd();
        EffectInfo repeated = effects.Single(effect => effect.Key == interrupted);
        string recorded = string.Join(", ", kills.Select((kill, i) => $"{kill.Recorded.Count} calls before kill {i + 1}"));
        text.Append($"Recorded   {recorded}: none of them was made again\n");
        return text.Append($"Repeated   {repeated.Path}, under its own key: received {Received(repeated)} times, counted {Counted(repeated)}").ToString();
    }

    private int Received(EffectInfo effect) => journal.Count(call => call.Key == effect.Key);

    private int Counted(EffectInfo effect) => journal.Count(call => call.Key == effect.Key && call.IsCounted);

    private IEnumerable<string> Unknown() => journal.Where(call => effects.All(effect => effect.Key != call.Key))
        .Select(call => $"{call.Name}: received under key {call.Key}, which the file does not know.");

    private IEnumerable<string> FaultsOf(EffectInfo effect)
    {
        int expected = effect.Key == interrupted ? 2 : 1;
        if (Received(effect) != expected) yield return $"{effect.Path}: received {Received(effect)}, expected {expected}.";
        if (Counted(effect) != 1) yield return $"{effect.Path}: counted {Counted(effect)}, expected 1.";
        if (effect.Result is not { } result) yield return $"{effect.Path}: no result is in the file.";
        else if (journal.Any(call => call.Key == effect.Key && !JsonElement.DeepEquals(JsonElement.Parse(call.Answer), result)))
            yield return $"{effect.Path}: its result in the file is not what the service has answered.";
    }

    private IEnumerable<string> MadeAgain() => kills
        .SelectMany(kill => journal.Skip(kill.Received).Where(call => kill.Recorded.Any(effect => effect.Key == call.Key)))
        .Select(call => $"{call.Name}: finished before a kill, and received after it.");
}
