using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Roost.Stores;

namespace Roost;

public sealed partial class StepContext
{
    private const int ChildrenAtOnce = 100;

    /// <summary>
    /// Enqueues a work item as a child of this one; it exists once the step has committed. Dropped where the item was cancelled meanwhile. The item may wait
    /// for it (<see cref="ChildJoin"/>), and cancelling the item cancels it, unless it is detached.
    /// </summary>
    /// <param name="item">
    /// The child. With an idempotency key it is the one that has the key already, which counts once; where that is no child of this item the step fails for
    /// good, unless <see cref="WorkItem.Detached"/> is set.
    /// </param>
    /// <returns>
    /// The child's id; where the child has an idempotency key that an item of its engine has already, the id of that item.
    /// </returns>
    /// <exception cref="InvalidInputException">A field breaks a rule, or it has another parent.</exception>
    public string AddChild(WorkItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Add(CheckedChild(item));
    }

    /// <summary>Enqueues many work items as children of this one: all of them with the step's commit, or none.</summary>
    /// <param name="items">As for <see cref="AddChild"/>.</param>
    /// <returns>Their ids, in their order.</returns>
    /// <exception cref="InvalidInputException">A field of one breaks a rule; none was added.</exception>
    public IReadOnlyList<string> AddChildren(IEnumerable<WorkItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        NewWork[] children = [.. items.Select(item => CheckedChild(item ?? throw new InvalidInputException("items", "holds null.") { Final = Final }))];
        return [.. children.Select(Add)];
    }

    private NewWork CheckedChild(WorkItem item)
    {
        if (item.ParentId is not null && item.ParentId != Item.Id)
            throw new InvalidInputException("ParentId", $"is {item.ParentId}; a child of this step belongs to {Item.Id}. Leave it out.") { Final = Final };
        return Checked(() => runtime.CheckChild(item with { ParentId = Item.Id }));
    }

    private string Add(NewWork child)
    {
        lock (gate)
        {
            Staged open = Open();
            if (child.IsIdByKey && !open.KeyedChildren.TryAdd((child.Item.Engine, child.Item.IdempotencyKey!), child.Id))
                child = child with { Id = open.KeyedChildren[(child.Item.Engine, child.Item.IdempotencyKey!)] }; // The commit compares the payloads.
            open.Children.Add(child);
            open.AddBytes(child.Bytes);
        }
        return child.Id;
    }

    /// <summary>
    /// The item's children as they are now, read a page at a time while they are enumerated: their states, their last data and their errors. Those that this
    /// step adds are not there yet. Cancelled with the step.
    /// </summary>
    /// <typeparam name="TState">
    /// What their state is read as, by <see cref="RoostOptions.Json"/> or the settings of their engine where it is registered here. Of children whose
    /// engine has another state, that may be all defaults: name the engine where there are several.
    /// </typeparam>
    /// <param name="scope">
    /// Which of them. <see cref="ChildScope.NewlyEnded"/> is of a step that is the first after a wait for children, the same in each of its tries.
    /// </param>
    /// <param name="engine">Only children of this engine, where they have several. Default: of all.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public IAsyncEnumerable<Child<TState>> ChildrenAsync<TState>(ChildScope scope = ChildScope.All, string? engine = null) =>
        ReadChildrenAsync(scope, engine, static snapshot => snapshot.DataAs<TState>(), CancellationToken);

    /// <summary>The same with source-generated metadata for their state.</summary>
    /// <inheritdoc cref="ChildrenAsync{TState}(ChildScope, string?)"/>
    /// <param name="type">How it is read, such as <c>Context.Default.State</c>.</param>
    /// <param name="scope">Which of them.</param>
    /// <param name="engine">Only children of this engine. Default: of all.</param>
    public IAsyncEnumerable<Child<TState>> ChildrenAsync<TState>(JsonTypeInfo<TState> type, ChildScope scope = ChildScope.All, string? engine = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        return ReadChildrenAsync(scope, engine, snapshot => snapshot.DataAs(type), CancellationToken);
    }

    private async IAsyncEnumerable<Child<TState>> ReadChildrenAsync<TState>(
        ChildScope scope, string? engine, Func<Snapshot, TState> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Checked(() =>
        {
            if (engine is not null) Names.CheckExact("engine", engine);
            return Enum.IsDefined(scope) ? scope : throw new InvalidInputException("scope", $"{(int)scope} is none; give All or NewlyEnded.");
        });
        bool onlyNew = scope == ChildScope.NewlyEnded;
        if (onlyNew && Wake?.Children is null) yield break;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var of = new ChildSelection(Item.Id, engine, onlyNew ? Wake!.Children!.Shown : null, onlyNew ? Wake!.Children!.Last : null);
        for (long? after = onlyNew ? Wake!.Children!.Shown : 0; after is { } place;)
        {
            (IReadOnlyList<StoredChild> page, after) = await runtime.Store.Reads.ChildrenAsync(of, place, ChildrenAtOnce, cancellationToken)
                .ConfigureAwait(false);
            foreach (StoredChild child in page)
                if (!onlyNew || seen.Add(child.Id)) yield return Read(child, read);
        }
    }

    private Child<TState> Read<TState>(StoredChild child, Func<Snapshot, TState> read) => new()
    {
        Id = child.Id,
        Engine = child.Engine,
        IdempotencyKey = child.IdempotencyKey,
        State = child.State,
        Version = child.Version,
        Step = child.Snapshot?.Step,
        IsDetached = child.IsDetached,
        Data = child.Snapshot is { } snapshot ? Checked(() => read(runtime.Told(snapshot))) : default,
        DataError = child.SnapshotError,
        Error = child.Error,
    };
}
