namespace Roost;

/// <summary>How a check of a data file ended.</summary>
public enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Work goes on, and somebody should look at it.</summary>
    Warning,

    /// <summary>Something is wrong.</summary>
    Error,
}

/// <summary>One check of a data file: <see cref="RoostRuntime.CheckFileAsync"/>.</summary>
/// <param name="Name">What was checked, such as <c>integrity</c>.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Found">What was found, in words.</param>
/// <param name="Advice">What to do; null where nothing is to be done.</param>
public sealed record FileCheck(string Name, CheckStatus Status, string Found, string? Advice = null);
