using System.Globalization;

namespace Roost.Commands.Output;

/// <summary>What a failure says of its cause, as lines; secrets masked.</summary>
internal static class FailureLines
{
    /// <summary>The exception at the bottom of the error; null where the error is its own cause.</summary>
    public static string? Cause(WorkFailure failure, Printer print) =>
        failure.CauseType is null ? null : $"{failure.CauseType}: {print.Hide(failure.CauseMessage)}";

    public static string? Data(IReadOnlyDictionary<string, string?> data, Printer print) => data.Count == 0 ? null : print.Compact(data);

    /// <summary>The exceptions within the error, each as deep as it lies.</summary>
    public static string? Within(WorkFailure failure, Printer print, bool withStacks)
    {
        IEnumerable<string> causes = failure.Causes.Select(cause => string.Join('\n', Parts(cause)));
        if (failure.CausesLeftOut > 0) causes = causes.Append(string.Create(CultureInfo.InvariantCulture, $"({failure.CausesLeftOut:N0} more were left out)"));
        return string.Join('\n', causes);

        IEnumerable<string> Parts(FailureCause cause)
        {
            yield return $"{cause.Depth.ToString(CultureInfo.InvariantCulture)}  {cause.Type}: {print.Hide(cause.Message)}";
            if (Data(cause.Data, print) is { } data) yield return data;
            if (withStacks && cause.Stack is not null) yield return print.Hide(cause.Stack);
        }
    }
}
