using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Pauses an item, an engine, a queue or everything.</summary>
internal sealed class PauseVerb : Verb
{
    private readonly PauseTargetOptions target = new();
    private readonly Option<string> reason = new("--reason")
    {
        Description = "Why, for whoever wonders and for the events.",
        HelpName = "text",
        Required = true,
    };
    private readonly Option<string> by = AnswerVerb.ByOption("Who pauses it, for the history.");
    private readonly Option<string> until = new("--until")
    {
        Description = "Ends by itself at this time (ISO 8601, in UTC where no offset is given), or this long from now. Default: lasts until \"roost resume\".",
        HelpName = "time",
    };
    private readonly Option<string> length = new("--for") { Description = "Ends by itself after this long, such as 30m or 2h.", HelpName = "duration" };

    public PauseVerb() : base(
        "pause", "Pause a work item, an engine, a queue or everything: nothing of it is begun, steps that run finish, and all else goes on underneath.")
    {
        Take(target.All);
        Take(reason, by, until, length, CommonOptions.Json);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        if (call.Get(until) is not null && call.Get(length) is not null) throw new UsageException("--until and --for are given together; give one of them.");
        DateTimeOffset? end = Instants.Optional("--until", call.Get(until));
        if (Durations.Optional("--for", call.Get(length)) is { } time) end = After(call, time);
        if (end is { } precise)
            // As it is stored.
            end = precise.AddTicks((TimeSpan.TicksPerMillisecond - precise.Ticks % TimeSpan.TicksPerMillisecond) % TimeSpan.TicksPerMillisecond);
        await using RoostRuntime roost = call.Open();
        PauseTarget what = await target.ReadAsync(call, roost);
        bool isNew = await roost.PauseAsync(what, call.Get(reason)!, call.Get(by)!, end, call.Stop);
        string lasts = end is { } at ? $" until {Times.Exact(at)}" : "";
        call.Done = $"{what} is paused{lasts}";
        if (call.IsJson) call.Print.Json(new { Target = what, Result = isNew ? "paused" : "changed", Until = end });
        else call.Print.Line($"{what}: {(isNew ? "paused" : "was paused already, and is by this now")}{lasts}");
        return ExitCodes.Ok;
    }

    private DateTimeOffset After(Call call, TimeSpan time)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return time > TimeSpan.Zero && time <= DateTimeOffset.MaxValue - now
            ? now + time
            : throw new UsageException($"--for is {call.Get(length)}; give a duration above zero.");
    }
}
