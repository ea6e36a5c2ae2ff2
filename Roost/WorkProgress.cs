using System.Globalization;

namespace Roost;

/// <summary>How far an item is, as its step has said the last time that one did (<see cref="StepContext.Report(double, string?)"/>).</summary>
public sealed record WorkProgress
{
    /// <summary>How much of the whole is done, from 0 to 1; null where the step has not said.</summary>
    public double? Fraction { get; init; }

    /// <summary>In words, such as <c>page 12 of 30</c>; null where the step has not said.</summary>
    public string? Text { get; init; }

    /// <summary>The version of the snapshot that the step was given which has said so.</summary>
    public required int Version { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>For people: <c>40 %, page 12 of 30</c>. What is not all is never 100 %.</summary>
    public override string ToString() => Fraction is not { } fraction
        ? Text ?? ""
        : string.Create(CultureInfo.InvariantCulture, $"{Percent(fraction):0} %{(Text is null ? "" : $", {Text}")}");

    /// <summary>0.29 is 29 of 100, though a hundred times it is a little less.</summary>
    private static double Percent(double fraction) => fraction < 1 ? Math.Min(99, Math.Floor(Math.Round(100 * fraction, 9))) : 100;
}
