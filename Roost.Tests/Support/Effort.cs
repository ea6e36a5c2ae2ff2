namespace Roost.Tests.Support;

/// <summary>
/// How much the tests of Reliability/ try: a little on each push, and the full counts where <c>ROOST_EFFORT=full</c> is set. Their seed is printed
/// with each and can be given again in <c>ROOST_SEED</c>.
/// </summary>
internal static class Effort
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("ROOST_EFFORT") == "full";

    /// <summary>How often something is tried.</summary>
    public static int Times(int onPush, int full) => IsFull ? full : onPush;

    /// <summary>A seed that is printed: the one asked for, or a new one.</summary>
    public static int Seed()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("ROOST_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Out.WriteLine($"ROOST_SEED={seed}");
        return seed;
    }

    /// <summary>Says what a run has tried, on one line that begins alike everywhere: these lines are RELIABILITY.md's figures.</summary>
    public static void Report(string what) => TestContext.Progress.WriteLine($"[reliability] {TestContext.CurrentContext.Test.Name}: {what}");
}
