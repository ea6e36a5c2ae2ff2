using System.CommandLine;
using System.CommandLine.Completions;
using Roost.Commands.Loading;

namespace Roost.Commands.Input;

/// <summary>What a shell offers for a value: ids of the latest work items, engines, states. An error offers nothing, as nobody would see it.</summary>
internal static class Completions
{
    // Each has a name for the help, which would list what is offered in its place.
    private const int Offered = 50;

    public static Argument<T> OffersIds<T>(this Argument<T> argument)
    {
        argument.HelpName = "id";
        argument.CompletionSources.Add(context => Ids(context, new WorkFilter()));
        return argument;
    }

    public static Argument<T> OffersDeadLetters<T>(this Argument<T> argument)
    {
        argument.HelpName = "id";
        argument.CompletionSources.Add(context => Ids(context, new WorkFilter { State = WorkState.Failed }));
        return argument;
    }

    public static Option<T> OffersIds<T>(this Option<T> option)
    {
        option.HelpName = "id";
        option.CompletionSources.Add(context => Ids(context, new WorkFilter()));
        return option;
    }

    public static Option<T> OffersEngines<T>(this Option<T> option)
    {
        option.HelpName ??= "engine";
        option.CompletionSources.Add(Engines);
        return option;
    }

    /// <summary>Queues in which there is or was something.</summary>
    public static Option<T> OffersQueues<T>(this Option<T> option)
    {
        option.HelpName ??= "queue";
        option.CompletionSources.Add(context => Read(context, async roost =>
            (await roost.GetCountsAsync()).Queues.Select(line => line.Queue).Distinct(StringComparer.Ordinal)));
        return option;
    }

    /// <summary>The names that an item waits for.</summary>
    public static Argument<T> OffersSignals<T>(this Argument<T> argument, Argument<string> id)
    {
        argument.HelpName = "name";
        argument.CompletionSources.Add(context => Read(context, async roost =>
        {
            if (context.ParseResult.GetValue(id) is not { Length: > 0 } item) return [];
            return (await roost.GetAsync(await IdResolver.FindAsync(roost, item, CancellationToken.None))).Wait?.Signals ?? [];
        }));
        return argument;
    }

    /// <summary>Questions that are open.</summary>
    public static Argument<T> OffersAsks<T>(this Argument<T> argument)
    {
        argument.HelpName = "question";
        argument.CompletionSources.Add(context => Read(context, async roost => (await roost.ListAsksAsync(limit: Offered)).Items.Select(ask => ask.Id)));
        return argument;
    }

    private static CompletionItem[] Ids(CompletionContext context, WorkFilter filter) => Read(context, async roost =>
        (await roost.ListAsync(filter, Offered)).Items.Select(item => item.Id));

    private static IEnumerable<CompletionItem> Engines(CompletionContext context)
    {
        if (context.ParseResult.RootCommandResult.Command is not Root root)
            return [];
        return Beginning(context, BuiltIn.OrNone(root.AddEngines))
            .Concat(Read(context, async roost => (await roost.ListEnginesAsync()).Select(engine => engine.EngineId)))
            .DistinctBy(item => item.Label);
    }

    private static CompletionItem[] Read(CompletionContext context, Func<RoostRuntime, Task<IEnumerable<string>>> read)
    {
        try
        {
            string path = DatabaseOption.Of(context.ParseResult).Path;
            if (!File.Exists(path)) return [];
            return Beginning(context, ReadAsync(path, read).GetAwaiter().GetResult());
        }
        catch (Exception e) when (e is UsageException or RoostException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static async Task<string[]> ReadAsync(string path, Func<RoostRuntime, Task<IEnumerable<string>>> read)
    {
        await using var roost = new RoostRuntime(path);
        return [.. await read(roost)];
    }

    private static CompletionItem[] Beginning(CompletionContext context, IEnumerable<string> known) =>
        [.. known.Where(each => each.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(each => new CompletionItem(each))];
}
