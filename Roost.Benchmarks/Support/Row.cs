
namespace Roost.Benchmarks;

/// <summary>One line of what a benchmark prints: the figure, and the goal beside it.</summary>
internal static class Row
{
    /// <param name="what">What was measured.</param>
    /// <param name="figure">One value of each run.</param>
    /// <param name="format">How to write it.</param>
    /// <param name="unit">What it is counted in.</param>
    /// <param name="goal">What its median has to keep to, if anything.</param>
    public static void Write(string what, Sample figure, string format, string unit, Goal? goal = null) =>
        Console.WriteLine($"{what}: {figure.Format(format)} {unit}{(goal is null ? "" : $"; {goal.Judge(figure.Median)}")}");

    public static void Head(string what, int runs) => Console.WriteLine($"# {what}; {Machine.Facts}; median (least to most) of {runs} runs");
}
