using Microsoft.Extensions.Time.Testing;

namespace Roost.Tests.Support;

/// <summary>Runtimes on real temporary files under fake time.</summary>
internal static class TestRuntime
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static FakeTimeProvider Clock() => new(Start);

    /// <summary>A runtime on a file of its own that is deleted on dispose.</summary>
    public static RoostRuntime Create(FakeTimeProvider? clock, params IEngine[] engines) => Create(new RoostOptions(), clock, engines);

    public static RoostRuntime Create(RoostOptions options, FakeTimeProvider? clock, params IEngine[] engines)
    {
        RoostRuntime runtime = RoostRuntime.CreateTemporary(clock is null ? options : options with { TimeProvider = clock });
        foreach (IEngine engine in engines) runtime.AddEngine(engine);
        return runtime;
    }

    /// <summary>A second runtime on the file of another: what a second process would be, but for the process.</summary>
    public static RoostRuntime Beside(RoostRuntime other, params IEngine[] engines)
    {
        var runtime = new RoostRuntime(other.Options with { Path = other.Path });
        foreach (IEngine engine in engines) runtime.AddEngine(engine);
        return runtime;
    }

    /// <summary>Runs to idle again and again, moving the clock to the next due time in between, until nothing is due any more.</summary>
    public static async Task RunThroughAsync(this RoostRuntime runtime, FakeTimeProvider clock)
    {
        while (await runtime.RunUntilIdleAsync() is { Due: { } due })
            if (due > clock.GetUtcNow()) clock.SetUtcNow(due);
    }
}
