namespace Roost.Testing.Verifying;

/// <summary>Compares the tries of one step. Before it says what a difference comes with, it makes sure by another try.</summary>
internal sealed class StepJudge(StepUnderTest step, Verification run)
{
    /// <summary>So often in a row no coin falls as it does here, or seldom.</summary>
    private const int Checks = 8;

    private readonly OutcomeDifference differences = run.Differences;

    public async Task JudgeAsync(StepTry? dropped, StepTry? interrupted, StepTry real, IEngine? lasting, StepTry? lasted)
    {
        foreach (StepTry? one in new[] { dropped, interrupted, real, lasted })
            if (one is not null) SeeState(one);
        if (dropped is not null)
        {
            // What is recorded of effects is not called again: the first try has made all calls.
            bool isFirst = real.Error is not null || step.Effects.Writes.Length > 0;
            await new CallJudge(step, run).JudgeAsync(isFirst ? dropped : real, isFirst ? real : dropped);
        }
        if (real.Error is not null)
            await SeeWhoFailedAsync(dropped, interrupted, real, lasted);
        else if (real.Brought is not null && !await TriesDifferAsync(dropped, interrupted, real) && lasting is not null)
            await SeeInstanceAsync(dropped, real, lasting, lasted!);
    }

    private void SeeState(StepTry one)
    {
        if (one.Error is InvalidInputException { FinalReason: FailReasons.StateNotKept } lost)
            run.Add(Found(FindingKind.StateNotKept, [], lost.Message, "let the type of the state keep what it needs, as the message says."));
    }

    private async Task<bool> TriesDifferAsync(StepTry? dropped, StepTry? interrupted, StepTry real)
    {
        if (Different(dropped, real)) return true;
        if (interrupted?.Brought is null || differences.Between(interrupted.Brought, real.Brought!) is not { Count: > 0 } told) return false;
        // The one thing that this try was told otherwise is how often the process has died; that it comes with that is to be seen again and again.
        for (int i = 0; i < Checks; i++)
        {
            if (Different(await step.TryAsync(), real)) return true;
            StepTry again = await step.TryAsync(interruptions: 1);
            if (again.Brought is not null && differences.Between(interrupted.Brought, again.Brought).Count > 0) return Different(interrupted, again);
        }
        run.Note($"Engine \"{step.Item.Engine}\", the step from version {step.Context.Version} (\"{step.Step}\"): where context.Interruptions is 1 more, it " +
            $"brings something else: {Listed(told)}. That is its right.");
        return false;
    }

    /// <summary>A try after the process has died within the step.</summary>
    public void SeeAfterCrash(StepTry one, StepTry real) => Different(one, real);

    private bool Different(StepTry? one, StepTry real)
    {
        if (one?.Brought is null || differences.Between(one.Brought, real.Brought!) is not { Count: > 0 } found) return false;
        run.Add(Found(
            FindingKind.TriesDiffer,
            found,
            "From the same snapshot, with the same context.Now and context.IdempotencyKey, two tries have brought different things:\n" +
            Lines(found, "one try", "another"),
            "where a process dies before the commit, what one try has sent out is not what another saves. Take keys from context.IdempotencyKey and the time " +
            "from context.Now, or draw a value in a step before, whose commit saves it. Where a step reads the world, say so by VerifierOptions.Ignore."));
        return true;
    }

    /// <summary>The instance that has made all steps brought something else, or failed, where fresh ones agree.</summary>
    private async Task SeeInstanceAsync(StepTry? dropped, StepTry real, IEngine lasting, StepTry lasted)
    {
        if (lasted.Error is not null) lasted = await step.TryOnAsync(lasting); // What fails once may be the world.
        bool fails = lasted.Error is not null;
        if (!fails && (lasted.Brought is null || differences.Between(lasted.Brought, real.Brought!).Count == 0)) return;
        for (int i = 0; i < Checks; i++)
        {
            StepTry check = await step.TryAsync();
            if (check.Brought is null || Different(check, real)) return;
        }
        Difference[] found = fails ? []
            : [.. differences.Between(lasted.Brought!, real.Brought!).Where(each => !run.Varies(step.Item.Engine, each))];
        if (!fails && found.Length == 0) return;
        string what = fails
            ? $"has thrown twice, where {Fresh(dropped)} fresh ones returned:\n  {lasted.Thrown}"
            : $"has brought something else than {Fresh(dropped)} fresh ones, which agree with each other:\n{Lines(found, "that instance", "fresh ones")}";
        run.Add(Found(FindingKind.InstanceDiffers, found, $"An instance that has made every step so far {what}", Remembers));
    }

    /// <summary>Fresh engines fail, and the one that has made all steps so far does not.</summary>
    private async Task SeeWhoFailedAsync(StepTry? dropped, StepTry? interrupted, StepTry real, StepTry? lasted)
    {
        if (lasted is not { Outcome: not null } || dropped is { Error: null } || interrupted is { Error: null }) return;
        StepTry check = await step.TryAsync(); // The world may be in order again.
        if (check.Error is null) return;
        run.Add(Found(
            FindingKind.InstanceDiffers,
            [],
            $"Fresh engines have thrown in each of {(dropped is null ? 2 : 4)} tries, and an instance that has made every step so far has returned " +
            $"{lasted.Outcome.Kind}:\n  {real.Thrown}",
            Remembers));
    }

    private static int Fresh(StepTry? dropped) => Checks + (dropped?.Brought is null ? 1 : 2);

    private const string Remembers =
        "after a crash, or in another process, there is only the saved state: keep in it what a later step needs, not in the engine's fields.";

    private Finding Found(FindingKind kind, IReadOnlyList<Difference> found, string seen, string toDo) => new()
    {
        Kind = kind,
        Engine = step.Item.Engine,
        Step = step.Step,
        Version = step.Context.Version,
        Paths = [.. found.Select(one => one.Path)],
        Seen = seen,
        ToDo = toDo,
    };

    private static string Lines(IReadOnlyList<Difference> found, string one, string other) =>
        string.Join('\n', found.Select(each => $"  {each.Path}: {each.One} in {one}, {each.Other} in {other}"));

    private static string Listed(IReadOnlyList<Difference> found) =>
        string.Join("; ", found.Select(each => $"{each.Path} is {each.One} instead of {each.Other}"));
}
