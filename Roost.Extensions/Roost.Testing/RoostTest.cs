using Microsoft.Extensions.Time.Testing;
using Roost.Stores;

namespace Roost.Testing;

/// <summary>
/// A runtime on a real temporary file under virtual time: nothing waits for a clock, weeks pass in milliseconds, and the same seed gives the same order of
/// steps, ids, idempotency keys and jitter. One step runs at a time. For any test framework. Call its members one after the other.
/// </summary>
public sealed partial class RoostTest : IAsyncDisposable
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromDays(366);

    private readonly FakeTimeProvider clock;
    private readonly DateTimeOffset start;
    private volatile Interruption? interruption;

    private RoostTest(RoostRuntime runtime, FakeTimeProvider clock) =>
        (Runtime, this.clock, start) = (runtime, clock, clock.GetUtcNow());

    /// <summary>The moment at which a test begins unless it says otherwise: 2030-01-01 00:00 UTC.</summary>
    public static DateTimeOffset DefaultStart { get; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Opens one.</summary>
    /// <param name="seed">Any number; the same gives the same order, ids, keys and jitter. Default 0.</param>
    /// <param name="options">Settings other than the file, its durability, <see cref="RoostOptions.TimeProvider"/> and
    /// <see cref="RoostOptions.Concurrency"/>, which is 1 here. Default all defaults.</param>
    /// <param name="start">The virtual time at which it begins. Default <see cref="DefaultStart"/>.</param>
    /// <exception cref="InvalidInputException">The options name a file or a clock, or one of them is out of range.</exception>
    public static RoostTest Create(int seed = 0, RoostOptions? options = null, DateTimeOffset? start = null)
    {
        options ??= new();
        if (options.TimeProvider != TimeProvider.System)
            throw new InvalidInputException(nameof(options.TimeProvider), "is given, and a test has a clock of its own; leave it out, and say when it starts.");
        var clock = new FakeTimeProvider(start ?? DefaultStart);
        options = options with { TimeProvider = clock, Concurrency = 1, Randomness = new SeededRandomness(seed) };
        return new(RoostRuntime.CreateTemporary(options), clock);
    }

    /// <summary>The runtime, for everything that is not here. It must not run a loop of its own meanwhile.</summary>
    public RoostRuntime Runtime { get; }

    /// <summary>The virtual clock, for an engine that takes a <see cref="System.TimeProvider"/>.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The virtual time.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Registers an engine; one instance steps all its items.</summary>
    /// <exception cref="InvalidInputException">What <see cref="RoostRuntime.AddEngine(IEngine)"/> refuses.</exception>
    public RoostTest AddEngine(IEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        Runtime.AddEngine(new InterruptibleEngine(engine, () => interruption));
        return this;
    }

    /// <summary>Registers an engine that is made afresh for each step, and once now, and disposed after it.</summary>
    /// <exception cref="InvalidInputException">What <see cref="RoostRuntime.AddEngine(Func{IEngine})"/> refuses.</exception>
    public RoostTest AddEngine(Func<IEngine> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        Runtime.AddScopedEngine(() =>
        {
            IEngine engine = factory() ?? throw new InvalidInputException("factory", "returned null; it must make an engine.");
            return new(new InterruptibleEngine(engine, () => interruption), engine);
        });
        return this;
    }

    /// <summary>Enqueues a work item; nothing runs yet. Its id.</summary>
    public async Task<string> EnqueueAsync(WorkItem item) => await Runtime.EnqueueAsync(item).ConfigureAwait(false);

    /// <summary>Runs what can run at the present virtual time; no time passes.</summary>
    /// <param name="cancellationToken">Ends the running.</param>
    /// <returns>When there will be something to do again, and how many items wait for something else than a time.</returns>
    public Task<IdleState> RunUntilIdleAsync(CancellationToken cancellationToken = default) => Runtime.RunUntilIdleAsync(cancellationToken);

    /// <summary>Lets virtual time pass: the clock stops at each moment at which something becomes due, and that runs then.</summary>
    /// <param name="time">How much, 0 or more.</param>
    /// <param name="cancellationToken">Ends the running.</param>
    public async Task AdvanceAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        if (time < TimeSpan.Zero) throw new InvalidInputException(nameof(time), $"is {time}; it must not be negative.");
        DateTimeOffset end = Now + time;
        while (await RunUntilIdleAsync(cancellationToken).ConfigureAwait(false) is { Due: { } due } && due <= end) MoveTo(due);
        if (end <= Now) return;
        clock.SetUtcNow(end);
        await RunUntilIdleAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs, and moves the clock from one due moment to the next, until an item is done, failed or cancelled.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="within">How much virtual time may pass. Default 366 days.</param>
    /// <param name="cancellationToken">Ends the running.</param>
    /// <returns>How it has ended.</returns>
    /// <exception cref="TimeoutException">It has not ended: so much time has passed, or it waits for what no time brings. The message says which.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<WorkSummary> RunUntilDoneAsync(string workId, TimeSpan? within = null, CancellationToken cancellationToken = default)
    {
        TimeSpan patience = within ?? DefaultPatience;
        DateTimeOffset last = Now + patience;
        while (true)
        {
            IdleState idle = await RunUntilIdleAsync(cancellationToken).ConfigureAwait(false);
            WorkDetail item = await Runtime.GetAsync(workId, cancellationToken).ConfigureAwait(false);
            if (item.Summary.State is WorkState.Done or WorkState.Failed or WorkState.Cancelled) return item.Summary;
            if (idle.Due is not { } due)
                throw new TimeoutException($"Work item {workId} has not ended, and no time brings it on: {item.Situation}");
            if (due > last)
                throw new TimeoutException($"Work item {workId} has not ended within {patience:c} of virtual time: {item.Situation}");
            MoveTo(due);
        }
    }

    /// <summary>
    /// Runs until the next step of an item has run to its end, and has the worker die there: nothing of the step is saved, and the item is interrupted as where
    /// a process dies (<see cref="StepContext.Interruptions"/>). What it had sent out stays sent. What is ready before it runs as usual.
    /// </summary>
    /// <param name="workId">The item, which must be ready now.</param>
    /// <param name="cancellationToken">Ends the running.</param>
    /// <exception cref="InvalidOperationException">No step of it can run now; the message says why.</exception>
    public async Task InterruptAsync(string workId, CancellationToken cancellationToken = default)
    {
        var present = new Interruption(workId);
        interruption = present;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task<IdleState> loop = RunUntilIdleAsync(stop.Token);
            if (await Task.WhenAny(loop, present.Reached).ConfigureAwait(false) == loop)
            {
                await loop.ConfigureAwait(false);
                WorkDetail item = await Runtime.GetAsync(workId, cancellationToken).ConfigureAwait(false);
                throw new InvalidOperationException($"No step of work item {workId} has run that could be interrupted: {item.Situation}");
            }
            await stop.CancelAsync().ConfigureAwait(false); // From here on nothing else is claimed.
            await BuryWorkersAsync().ConfigureAwait(false);
            present.Release();
            await ((Task)loop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            present.Release();
            interruption = null;
        }
    }

    /// <summary>Closes the runtime and deletes its file.</summary>
    public ValueTask DisposeAsync() => Runtime.DisposeAsync();

    internal void MoveTo(DateTimeOffset due) => clock.SetUtcNow(due > Now ? due : Now.AddMilliseconds(1));

    /// <summary>As another worker does that finds one dead: what that held is interrupted, and its token is worth nothing any more.</summary>
    private async Task BuryWorkersAsync()
    {
        StoreLoop other = await Runtime.Store.JoinAsync([], CancellationToken.None).ConfigureAwait(false);
        try
        {
            var backoff = new Backoff(Runtime.Options.RetryBaseDelay, Runtime.Options.RetryMaxDelay, Runtime.Options.Randomness);
            foreach (OtherWorker worker in await other.OthersAsync().ConfigureAwait(false))
                await other.RescueAsync(worker with { IsDead = null }, backoff).ConfigureAwait(false); // Its lock is this process's, and says that it lives.
        }
        finally
        {
            await other.LeaveAsync().ConfigureAwait(false);
        }
    }
}
