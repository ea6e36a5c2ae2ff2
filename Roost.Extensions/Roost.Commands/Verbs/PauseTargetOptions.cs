using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>What is paused or resumed: an item by its id, an engine, a queue, or all.</summary>
internal sealed class PauseTargetOptions
{
    private readonly Argument<string?> id = new Argument<string?>("id")
    {
        Description = "The work item: its id, or a unique beginning or end of it. Left out where an engine, a queue or all is meant.",
        Arity = ArgumentArity.ZeroOrOne,
    }.OffersIds();
    private readonly Option<string> engine = CommonOptions.Engine("All items of this engine, instead of one item.");
    private readonly Option<string> queue = new Option<string>("--queue", "-q")
    {
        Description = "All items in this queue, instead of one item.",
    }.OffersQueues();
    private readonly Option<bool> all = new("--all") { Description = "Everything in the file, instead of one item." };

    public Symbol[] All => [id, engine, queue, all];

    /// <exception cref="UsageException">Not exactly one of them is given.</exception>
    public async Task<PauseTarget> ReadAsync(Call call, RoostRuntime roost)
    {
        Check(call);
        if (call.Get(all)) return PauseTarget.File;
        if (call.Get(engine) is { } engineId) return PauseTarget.Engine(engineId);
        return call.Get(queue) is { } name ? PauseTarget.Queue(name) : PauseTarget.Item(await IdResolver.FindAsync(roost, call.Get(id)!, call.Stop));
    }

    private void Check(Call call)
    {
        string[] given =
        [
            .. call.Get(id) is null ? (string[])[] : ["an id"],
            .. new Option[] { engine, queue, all }.Where(call.IsGiven).Select(option => option.Name),
        ];
        if (given.Length == 0) throw new UsageException("It is not said what is meant; give an id, --engine, --queue or --all.");
        if (given.Length > 1) throw new UsageException($"{string.Join(" and ", given)} are given together; give one of them.");
    }
}
