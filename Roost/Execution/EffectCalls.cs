using System.Globalization;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// The effects that one try of a step begins, until it is over: which place each has in the step, and with it which key, and within whose call it is made.
/// </summary>
internal sealed class EffectCalls(ActiveStep step, EffectLog log)
{
    private const int MostDeep = 16;

    /// <summary>The effect within whose call the code runs.</summary>
    private static readonly AsyncLocal<EffectCall?> Enclosing = new();

    private readonly Lock gate = new();
    private readonly Dictionary<(string Within, string Name), int> counts = [];
    private readonly HashSet<(string Within, string Name)> open = [];
    private readonly LeasedWork lease = step.Lease;
    private string? unknown;
    private bool ended;

    /// <summary>The effect whose call this runs in: its key, and whether it is made again without anybody being asked. Null outside of one.</summary>
    public static (string Key, bool IsRepeated)? Here => Enclosing.Value is { IsOver: false } call ? (call.Place.Key, !call.HasIntent) : null;

    /// <summary>Why the step is over; null while it is not.</summary>
    public StepOverException? Over { get; private set; }

    /// <summary>The step has one or more.</summary>
    public bool IsAny { get; private set; }

    /// <summary>Nothing but the call itself has ended it.</summary>
    public bool IsLive
    {
        get
        {
            lock (gate) return !ended && Over is null && step.Reason == CancellationReason.None;
        }
    }

    /// <summary>From here on no call begins.</summary>
    public void End()
    {
        lock (gate) ended = true;
    }

    /// <summary>Its call was stopped, so that it is not known whether it has happened: no outcome of this step counts any more.</summary>
    public void LeaveUnknown(EffectCall call)
    {
        lock (gate) unknown ??= call.Place.Path;
    }

    /// <summary>The step has returned. Over where it has left an effect behind of which it is not known whether it has happened.</summary>
    public void EndReturned()
    {
        lock (gate)
            if (unknown is { } path)
                End(new StepOverException(
                    $"it is not known whether effect \"{path}\" of work item {lease.Item.Id} at version {lease.Version} has happened: its call was stopped, " +
                    $"and the step went on."
                ));
    }

    /// <summary>The step is over for this, or was for something before.</summary>
    public StepOverException End(StepOverException over)
    {
        lock (gate) return Over ??= over;
    }

    /// <exception cref="StepOverException">The step is over.</exception>
    public void ThrowIfOver()
    {
        if (Over is { } over) throw new StepOverException($"This step of work item {lease.Item.Id} is over: {over.Message}", over);
    }

    /// <exception cref="InvalidInputException">The call of one has not ended.</exception>
    public void ThrowIfUnfinished()
    {
        lock (gate)
            if (open.Count > 0)
                throw new InvalidInputException(
                    "name",
                    $"\"{open.First().Name}\" is an effect whose call had not ended when the step of work item {lease.Item.Id} returned; await it, and " +
                    $"everything else that the step starts, before it returns."
                )
                {
                    Final = new(lease.Item.Id),
                };
    }

    /// <summary>A key that is recorded nowhere.</summary>
    public string KeyFor(string name)
    {
        lock (gate)
        {
            string key = PlaceOf(Within(), name).Key;
            log.Given(key);
            return key;
        }
    }

    /// <summary>The next effect of a name, here. Whoever begins one ends it by <see cref="Close"/>.</summary>
    /// <param name="name">1 to 256 characters.</param>
    /// <param name="hasIntent">It is written down before its call begins.</param>
    public EffectCall Begin(string name, bool hasIntent)
    {
        lock (gate)
        {
            EffectCall? within = Within();
            string path = within?.Place.Path ?? "";
            if (open.Contains((path, name)))
                throw new InvalidInputException(
                    "name",
                    $"\"{name}\" is the name of another effect whose call has not ended, in the step of work item {lease.Item.Id} from version " +
                    $"{lease.Version}: which of them comes first would decide which result is whose. Give each a name of its own, or await one after the other."
                );
            EffectPlace place = PlaceOf(within, name);
            log.Given(place.Key);
            open.Add((path, name));
            IsAny = true;
            return new(this, place, path, (within?.Depth ?? 0) + 1, hasIntent);
        }
    }

    /// <summary>What the method that calls this goes on to do is within the effect's call.</summary>
    public static void Enter(EffectCall call) => Enclosing.Value = call;

    public void Close(EffectCall call)
    {
        lock (gate) open.Remove((call.Within, call.Place.Name));
    }

    private EffectCall? Within()
    {
        ThrowIfOver();
        if (ended)
            throw new ConflictException(
                $"This step of work item {lease.Item.Id} (from version {lease.Version}) has ended; it makes no effect any more. Await everything that " +
                $"the step starts before it returns."
            );
        if (Enclosing.Value is not { } within || within.Of != this) return null;
        if (within.IsOver)
            throw new ConflictException(
                $"The call of effect \"{within.Place.Path}\" of work item {lease.Item.Id} has ended; it makes no effect any more. Await everything that " +
                $"a call starts before it returns."
            );
        return within;
    }

    /// <summary>The next of a name, counted now: which it is does not depend on how long the others take.</summary>
    private EffectPlace PlaceOf(EffectCall? within, string name)
    {
        Names.Check("name", name);
        if (within?.Depth >= MostDeep) throw new InvalidInputException("name", $"\"{name}\" would be within {MostDeep} other effects; that is the limit.");
        string path = within?.Place.Path ?? "";
        int number = counts[(path, name)] = counts.GetValueOrDefault((path, name)) + 1;
        string its = Escaped(name) + (number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"#{number}"));
        string whole = within is null ? its : $"{path}/{its}";
        return new(whole, name, number, DerivedKey.OfStep(lease, whole));
    }

    /// <summary>What separates the parts of a path is marked where it is part of a name.</summary>
    private static string Escaped(string name) => name.AsSpan().ContainsAny("\\/#")
        ? name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal).Replace("#", "\\#", StringComparison.Ordinal)
        : name;
}

/// <summary>An effect that a try has begun.</summary>
internal sealed class EffectCall(EffectCalls of, EffectPlace place, string within, int depth, bool hasIntent)
{
    /// <summary>It is written down before its call begins.</summary>
    public bool HasIntent => hasIntent;

    public EffectCalls Of => of;

    /// <summary>With the key that its call was given first, once that is known.</summary>
    public EffectPlace Place { get; private set; } = place;

    /// <summary>The path of the effect within whose call it is made; empty where it is in none.</summary>
    public string Within => within;

    public int Depth => depth;

    public bool IsOver { get; set; }

    public void KeepKey(string key) => Place = Place with { Key = key };
}
