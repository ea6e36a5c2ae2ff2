using CsCheck;

namespace Roost.Tests.Support.Model;

/// <summary>One operation of a sequence, and how it is printed.</summary>
internal sealed record Operation(string Text, Func<World, Task> RunAsync)
{
    public override string ToString() => Text;
}

/// <summary>One call of a caller beside others; it is given its own name.</summary>
internal sealed record Call(string Text, Func<World, string, Task> RunAsync)
{
    public override string ToString() => Text;
}

/// <summary>
/// Generators of everything that callers do. What an operation is about is a place among the ids that are known by then, so that a shorter sequence still means
/// something.
/// </summary>
internal static class Operations
{
    private static readonly string[] Names = ["x", "y", "z"];

    private static readonly Gen<int> Runtime = Gen.Int[0, 1];

    private static readonly Gen<int> Target = Gen.Frequency((20, Gen.Int[0, 11]), (1, Gen.Const(-1)));

    private static readonly Gen<ScriptStep> Step = Gen.Frequency(
        (4, Gen.Const(new ScriptStep(Act.Go))),
        (3, Gen.OneOf(1, 100, 5000).Select(ms => new ScriptStep(Act.Delay, ms))),
        (3, Gen.Int[1, 3].Select(n => new ScriptStep(Act.Throw, n))),
        (1, Gen.Int[1, 3].Select(n => new ScriptStep(Act.Hang, n))),
        (2, Gen.Int[1, 4].Select(n => new ScriptStep(Act.RetryAfter, n))),
        (1, Gen.Int[-1, 2].Select(n => new ScriptStep(Act.RaiseSelf, n))),
        (3, Gen.OneOf(0, 100, 5000).Select(ms => new ScriptStep(Act.Wait, ms))),
        (3, Gen.Int[0, 2].Select(n => new ScriptStep(Act.Take, n))),
        (1, Gen.Const(new ScriptStep(Act.SignalSelf))),
        (3, Gen.Int[-1, 1].Select(n => new ScriptStep(Act.Join, n))),
        (2, Gen.OneOf(0, 100, 5000).Select(ms => new ScriptStep(Act.Ask, ms))),
        (5, Gen.OneOf(
                Act.Fail, Act.FailSaved, Act.Child, Act.SameChild, Act.Artifact, Act.Stream, Act.Event, Act.CancelSelf, Act.CancelAndDone, Act.ReleaseSelf)
            .Select(act => new ScriptStep(act))));

    /// <summary>Some children, and a wait for them: chance alone would hardly put these behind each other.</summary>
    private static readonly Gen<ScriptStep[]> Family = Gen.Select(
        Gen.OneOf(Act.Child, Act.SameChild).Array[1, 2], Gen.Int[-1, 1], Gen.Int[-1, 1], Step.Array[0, 2], (children, first, second, then) =>
            (ScriptStep[])[.. children.Distinct().Select(act => new ScriptStep(act)), new(Act.Join, first), .. then, new(Act.Join, second)]);

    private static readonly Gen<ScriptStep[]> Asking = Gen.Select(
        Gen.OneOf(0, 100, 5000), Step.Array[0, 2], (ms, then) => (ScriptStep[])[new(Act.Ask, ms), .. then, new(Act.Ask, ms)]);

    private static readonly Gen<Script> Scripts = Gen.Select(
        Gen.Frequency((6, Step.Array[0, 4]), (2, Family), (1, Asking)), Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true))), (steps, follow) =>
        new Script(steps, follow)
    );

    private static readonly Gen<string[]> Resources = Gen.Frequency(
        (3, Gen.Const(Array.Empty<string>())),
        (2, Gen.OneOf(Names).Array[1, 2].Select(names => names.Distinct().ToArray()))
    );

    private static readonly Gen<Spec> Specs = Gen.Select(
        Gen.Select(
            Scripts,
            Gen.Frequency((4, Gen.Const("a")), (3, Gen.Const("b")), (2, Gen.Const("c")), (1, Gen.Const("d"))),
            Gen.Frequency((6, Gen.Const("default")), (1, Gen.Const("other")))
        ),
        Gen.Select(
            Gen.Frequency((4, Gen.Const(0)), (2, Gen.Int[-1, 2])),
            Gen.Frequency((5, Gen.Const(0)), (1, Gen.OneOf(1, 100, 5000))),
            Gen.Frequency((5, Gen.Const(0)), (1, Gen.OneOf(1, 500, 6000)))
        ),
        Gen.Select(
            Resources,
            Gen.Bool,
            Gen.Frequency((5, Gen.Const((int?)null)), (1, Gen.Int[1, 2].Select(n => (int?)n))),
            Gen.Frequency((9, Gen.Const((int?)null)), (1, Gen.Int[1, 3].Select(n => (int?)n)))
        ),
        Gen.Select(
            Gen.Frequency((6, Gen.Const((string?)null)), (1, Gen.OneOf<string?>("k1", "k2"))),
            Gen.Frequency((6, Gen.Const((string?)null)), (1, Gen.OneOf<string?>("i1", "i2", "i3"))),
            Gen.Frequency((4, Gen.Const(-1)), (1, Gen.Int[0, 5])),
            Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        ),
        (what, when, how, who) => new Spec(
            who.Item1 is null ? what.Item1 : Script.OfChild with { Follow = what.Item1.Follow },
            what.Item2, what.Item3, who.Item2,
            when.Item1, when.Item2, when.Item3,
            how.Item1, how.Item2, how.Item3,
            who.Item1, who.Item3, how.Item4, who.Item4));

    private static readonly Gen<Operation> Enqueue = Gen.Select(Runtime, Gen.Frequency((4, Specs.Array[1, 1]), (1, Specs.Array[2, 3])), (runtime, specs) =>
        new Operation($"{runtime}: enqueue {string.Join(" and ", (object[])specs)}", world => world.EnqueueAsync(runtime, specs)));

    private static readonly Gen<Operation> Change = Gen.Select(Runtime, Gen.Enum<Verb>(), Target, Gen.Int[-1, 2], (runtime, verb, target, n) =>
        new Operation($"{runtime}: {verb} #{target}{(verb is Verb.Priority or Verb.Pause ? $" {n}" : "")}", world =>
            world.ChangeAsync(runtime, verb, world.Target(target), n)
        )
    );

    private static readonly Gen<Operation> ChangeWide = Gen.Select(
        Runtime,
        Gen.Frequency((1, Gen.Const(true)), (2, Gen.Const(false))),
        Gen.OneOf(PauseTarget.File, PauseTarget.Engine("a"), PauseTarget.Engine("b"), PauseTarget.Queue("default"), PauseTarget.Queue("other")),
        (runtime, pause, target) =>
            new Operation($"{runtime}: {(pause ? "pause" : "resume")} {target}", world => world.ChangeWideAsync(runtime, target, pause))
    );

    private static readonly Gen<Operation> ChangeAll = Gen.Select(Runtime, Gen.Bool, Gen.OneOf<string?>(null, "a", "b"), (runtime, retry, engine) =>
        new Operation($"{runtime}: {(retry ? "retry" : "discard")} all of {engine ?? "all engines"}", world => world.ChangeAllAsync(runtime, retry, engine)));

    private static readonly Gen<Operation> Purge = Gen.Select(
        Runtime,
        Gen.OneOf<string?>(null, "a", "b"),
        Gen.OneOf(0, 100, 5000),
        Gen.Bool,
        Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))),
        (runtime, engine, ms, failed, dry) =>
            new Operation($"{runtime}: purge {engine ?? "all engines"} older than {ms} ms{(failed ? ", the failed too" : "")}{(dry ? ", dry" : "")}", world =>
                world.PurgeAsync(runtime, engine, ms, failed, dry)
            )
    );

    private static readonly Gen<Operation> Advance = Gen.OneOf(1, 100, 5000, 3_600_000).Select(ms => new Operation($"{ms} ms pass", world =>
    {
        world.Advance(ms);
        return Task.CompletedTask;
    }));

    /// <summary>Operations one after another.</summary>
    public static readonly Gen<Operation> Any = Gen.Frequency(
        (28, Enqueue),
        (20, Runtime.Select(runtime => new Operation($"{runtime}: run until idle", world => world.RunAsync(runtime)))),
        (3, Gen.Select(Runtime, Gen.Int[1, 3], (runtime, n) => new Operation($"{runtime}: {n} single steps", world => world.StepAsync(runtime, n)))),
        (26, Change),
        (6, Gen.Select(Runtime, Target, (runtime, target) =>
            new Operation($"{runtime}: Signal #{target}", world => world.ChangeAsync(runtime, Verb.Signal, world.Target(target), 0)))),
        (4, Gen.Select(Runtime, Target, Gen.OneOf(Verb.Answer, Verb.Withdraw), (runtime, target, verb) =>
            new Operation($"{runtime}: {verb} #{target}", world => world.ChangeAsync(runtime, verb, world.Target(target), 0)))),
        (4, ChangeAll),
        (5, ChangeWide),
        (4, Purge),
        (12, Advance),
        (4, Gen.Select(Runtime, Gen.Int[1, 3], (runtime, n) => new Operation($"{runtime}: a worker takes {n} and dies", world => world.DieAsync(runtime, n)))),
        (
            14,
            Gen.Select(Runtime, Target, (runtime, target) =>
                new Operation($"{runtime}: look at #{target}", world => world.LookAsync(runtime, world.Target(target)))
            )
        ),
        (4, Runtime.Select(runtime => new Operation($"{runtime}: look at all", world => world.LookAtAllAsync(runtime)))),
        (1, Runtime.Select(runtime => new Operation($"{runtime}: back up", world => world.BackupAsync(runtime)))));

    /// <summary>What callers do at once. Items are named by their place, so that one caller may be about another's.</summary>
    public static readonly Gen<Call> AnyCall = Gen.Frequency(
        (6, Gen.Select(Runtime, Specs, Gen.Int[0, 3], Gen.Int[0, 8], (runtime, spec, caller, i) =>
            new Call(
                $"{runtime}: enqueue {spec}{(spec.Parent < 0 ? "" : $" of c{caller}.{i}")}",
                (world, name) => world.CallEnqueueAsync(name, runtime, spec, spec.Parent < 0 ? null : $"c{caller}.{i}")))),
        (8, Gen.Select(Runtime, Gen.Enum<Verb>(), Gen.Int[0, 3], Gen.Int[0, 8], Gen.Int[-1, 2], (runtime, verb, caller, i, n) =>
            new Call(
                $"{runtime}: {verb} c{caller}.{i}{(verb is Verb.Priority or Verb.Pause ? $" {n}" : "")}",
                (world, name) => world.CallChangeAsync(name, runtime, verb, $"c{caller}.{i}", n)))),
        (1, Gen.Select(Runtime, Specs.Array[2, 4], (runtime, specs) =>
            new Call($"{runtime}: enqueue {string.Join(" and ", (object[])specs)}", (world, name) => world.CallEnqueueAsync(name, runtime, specs)))),
        (1, Gen.Select(Runtime, Gen.Bool, Gen.OneOf<string?>(null, "a", "b"), (runtime, retry, engine) =>
            new Call(
                $"{runtime}: {(retry ? "retry" : "discard")} all of {engine ?? "all engines"}",
                (world, name) => world.CallChangeAllAsync(name, runtime, retry, engine)))),
        (1, Runtime.Select(runtime => new Call($"{runtime}: purge", (world, _) => world.CallPurgeAsync(runtime)))),
        (1, Runtime.Select(runtime => new Call($"a single step beside {runtime}", (world, _) => world.CallStepAsync(runtime)))),
        (1, Runtime.Select(runtime => new Call($"{runtime}: back up", (world, _) => world.CallBackupAsync(runtime)))),
        (3, Gen.Select(Runtime, Gen.Int[0, 3], Gen.Int[0, 8], (runtime, caller, i) =>
            new Call($"{runtime}: read c{caller}.{i} and all", (world, _) => world.CallReadAsync(runtime, $"c{caller}.{i}")))));
}
