using Roost.Testing.Http;

namespace Roost.Testing.Verifying;

/// <summary>One run of an engine through an item, and what is found of it.</summary>
internal sealed class Verification(VerifierOptions options) : IDisposable
{
    private const int MostFindings = 20, MostTimes = 50;

    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(1);

    /// <summary>What an item may end with by its engine's will, or its own settings.</summary>
    private static readonly string[] Wanted = [FailReasons.EngineFailed, FailReasons.NotRetried, FailReasons.DeadlineExceeded, FailReasons.MaxSteps];

    private const string OneInstance =
        "An instance of the engine was given and has made all tries: what its fields keep from one step to the next could not be seen. Give a factory: " +
        "() => new ...";

    private readonly List<Finding> findings = [];
    private readonly List<string> notes = [];
    private readonly Dictionary<string, HashSet<string>> keys = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource enough = new();
    private int steps, tries, before, after, around, calls, unseen;

    public VerifierOptions Options => options;

    public OutcomeDifference Differences { get; } = new(options.Ignore);

    public RoostRuntime Runtime { get; private set; } = null!;

    public HttpWatch Watch { get; private set; } = null!;

    public int Steps => steps;

    public async Task<VerificationReport> RunAsync(EngineSource source, WorkItem item, CancellationToken cancellationToken)
    {
        RoostOptions settings = options.Runtime.DrainTime <= Drain ? options.Runtime : options.Runtime with { DrainTime = Drain };
        await using RoostTest test = RoostTest.Create(options.Seed, settings, options.Start);
        Runtime = test.Runtime;
        using HttpWatch watch = Watch = new();
        var engines = new List<ProbedEngine>();
        try
        {
            if (!TryAdd(source, engines) || !options.Engines.All(factory => TryAdd(new(factory), engines))) return Report(null, default);
            if (item.Engine != engines[0].EngineId)
                throw new InvalidInputException(nameof(item), $"is for engine \"{item.Engine}\", and the one to verify is \"{engines[0].EngineId}\".");
            if (!source.IsFresh) Note(OneInstance);
            string id = await Runtime.EnqueueAsync(item, cancellationToken);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
            stop.CancelAfter(options.Patience);
            await new VerificationDrive(this, test, id).RunAsync(stop.Token, cancellationToken);
            WorkDetail end = await Runtime.GetAsync(id, CancellationToken.None);
            await SeeDeadLettersAsync(id);
            return Report(end.Summary, test.Now - options.Start);
        }
        finally
        {
            foreach (ProbedEngine engine in engines) await engine.EndAsync();
        }
    }

    public void Dispose() => enough.Dispose();

    /// <summary>A step begins; ends the run where there are too many, and then the step is charged nothing.</summary>
    public async Task StepBeginsAsync(StepContext context)
    {
        if (IsBeyondSteps || IsFull)
        {
            await enough.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.Stopping);
        }
        steps++;
    }

    public bool IsBeyondSteps => steps >= options.MaxSteps;

    public bool IsFull => findings.Count >= MostFindings || findings.Exists(found => found.Times >= MostTimes);

    /// <summary>That place has differed from try to try before: of what it comes with nothing can be said.</summary>
    public bool Varies(string engine, Difference at) =>
        findings.Exists(found => found.Kind == FindingKind.TriesDiffer && found.Engine == engine
            && found.Paths.Any(path => Difference.ShapeOf(path) == Difference.ShapeOf(at.Path)));

    public void Count(int dropped, bool isFollowedByFresh)
    {
        before += dropped;
        if (isFollowedByFresh) after++;
    }

    public void CountEffectCrash() => around++;

    public void CountTry(CallLog log)
    {
        tries++;
        calls += log.Calls.Count;
        unseen += log.Unseen;
    }

    /// <summary>The keys of an item's steps so far, this one among them.</summary>
    public IReadOnlyCollection<string> KeysOf(string workId, string key)
    {
        if (!keys.TryGetValue(workId, out HashSet<string>? its)) keys[workId] = its = new(StringComparer.Ordinal);
        its.Add(key);
        return its;
    }

    public void Note(string note)
    {
        if (!notes.Contains(note)) notes.Add(note);
    }

    /// <summary>What was found before of the same step is counted there.</summary>
    public void Add(Finding finding)
    {
        string shape = ShapeOf(finding);
        if (findings.Find(known => ShapeOf(known) == shape) is { } same) same.Times++;
        else findings.Add(finding);
    }

    private static string ShapeOf(Finding finding) =>
        $"{finding.Kind} {finding.Engine} {finding.Step} {(finding.Paths.Count > 0 ? Difference.ShapeOf(finding.Paths[0]) : "")}";

    private bool TryAdd(EngineSource source, List<ProbedEngine> engines)
    {
        var engine = new ProbedEngine(source, source.Next(), this);
        engines.Add(engine);
        try
        {
            Runtime.AddEngine(engine);
            return true;
        }
        catch (InvalidInputException e) when (e.Field == "state")
        {
            Add(new() { Kind = FindingKind.StateNotKept, Engine = engine.EngineId, Seen = e.Message, ToDo = "change the type of the state so." });
            return false;
        }
    }

    private async Task SeeDeadLettersAsync(string id)
    {
        Page<WorkSummary> failed = await Runtime.ListAsync(new() { State = WorkState.Failed }, limit: 1000);
        foreach (WorkSummary item in failed.Items.Where(item => !Wanted.Contains(item.FailReason) && item.FailReason != FailReasons.StateNotKept))
        {
            string seen = $"Work item {item.Id} is a dead letter at version {item.Version}, reason {item.FailReason}: {item.Error}";
            if (item.Id == id || item.FailReason is FailReasons.InvalidStep or FailReasons.NoProgress)
                Add(new()
                {
                    Kind = FindingKind.DeadLetter,
                    Engine = item.Engine,
                    Seen = seen,
                    ToDo = "where the work is to end so, let the engine say it: return Fail, or override Retry. Else see why each try has failed.",
                });
            else
                Note($"{seen} It is none that was verified by itself, and whoever waits for it may be there for that.");
        }
    }

    private VerificationReport Report(WorkSummary? item, TimeSpan time)
    {
        if (unseen > 0)
            Note($"{unseen} HTTP calls went through a handler of the program's own, which shows its requests to nobody: whether they had a key is not known. " +
                "Put a StepKeyHandler in front of it: new HttpClient(new StepKeyHandler(handler)).");
        return new()
        {
            Findings = findings,
            Notes = notes,
            Steps = steps,
            Tries = tries,
            CrashesBeforeCommit = before,
            CrashesAfterCommit = after,
            CrashesAroundEffects = around,
            HttpCalls = calls,
            Item = item,
            VirtualTime = time,
        };
    }
}
