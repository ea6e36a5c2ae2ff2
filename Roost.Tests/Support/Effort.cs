using System.Globalization;

namespace Roost.Tests.Support;

/// <summary>
/// How much the tests of Reliability/ and Resuming/ try: a little on each push, the full counts where <c>ROOST_EFFORT=full</c> is set, and so many percent
/// of them where it is a number. Their seed is printed with each and can be given again in <c>ROOST_SEED</c>.
/// </summary>
internal static class Effort
{
    private static readonly string? Asked = Environment.GetEnvironmentVariable("ROOST_EFFORT");

    /// <summary>Null on a push.</summary>
    private static readonly int? Percent = Asked == "full" ? 100 : int.TryParse(Asked, CultureInfo.InvariantCulture, out int percent) ? percent : null;

    public static bool IsFull => Percent >= 100;

    public static bool IsOnPush => Percent is null;

    /// <summary>How often something is tried; or at every how many, where the full count is the lesser.</summary>
    public static int Times(int onPush, int full) => Percent is not { } percent ? onPush : full < onPush ? full : Math.Max(onPush, full * percent / 100);

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
