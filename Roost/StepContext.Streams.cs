using Roost.Stores;

namespace Roost;

public sealed partial class StepContext
{
    private const int MostStreams = 64;
    private const int MostProgressText = 1000;

    private StepOutput? output;
    private HashSet<string>? opened;

    /// <summary>A try whose outcome is dropped, and what it says with it.</summary>
    internal bool IsDropped { private get; init; }

    /// <summary>
    /// Says how far the work is: shown beside the item, here and in other processes, until a step says otherwise. Costs no commit of its own unless nothing
    /// else commits within <see cref="RoostOptions.StreamFlushInterval"/>; of several reports until then the last counts.
    /// </summary>
    /// <param name="fraction">How much of the whole is done, from 0 to 1.</param>
    /// <param name="text">In words, such as <c>page 12 of 30</c>; at most 1,000 characters. Default: none.</param>
    /// <exception cref="InvalidInputException">The fraction or the text breaks a rule.</exception>
    /// <exception cref="ConflictException">The step has ended.</exception>
    public void Report(double fraction, string? text = null)
    {
        Checked(() => fraction is >= 0 and <= 1
            ? fraction
            : throw new InvalidInputException("fraction", string.Create(null, $"is {fraction}; it must be from 0 to 1.")));
        ReportAny(fraction, text);
    }

    /// <summary>Says in words how far the work is, where the whole is not known.</summary>
    /// <param name="text">1 to 1,000 characters.</param>
    /// <inheritdoc cref="Report(double, string?)"/>
    public void Report(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReportAny(null, text);
    }

    /// <summary>
    /// Opens a stream of text that others can read while the step runs (<see cref="RoostRuntime.WatchStreamAsync"/>), by name: of the item, so that later steps
    /// write on where earlier ones have ended. It is not part of the state, and what a crash cuts off is lost. When the step commits, what this try has written
    /// stays with the version, and what other tries of it have written goes.
    /// </summary>
    /// <param name="name">Its name, 1 to 256 characters; at most 64 in a step.</param>
    /// <exception cref="InvalidInputException">The name breaks a rule.</exception>
    /// <exception cref="ConflictException">The step has ended.</exception>
    public StepStream OpenStream(string name)
    {
        _ = Output();
        Checked(() =>
        {
            Names.CheckExact("name", name);
            lock (gate)
            {
                opened ??= new(StringComparer.Ordinal);
                if (opened.Count == MostStreams && !opened.Contains(name))
                    throw new InvalidInputException("name", $"\"{name}\" would be the {MostStreams + 1}th stream of this step; {MostStreams} is the limit.");
                opened.Add(name);
            }
            return name;
        });
        return new(name, (stream, text) => Output().Append(stream, text), FlushAsync);
    }

    private Task FlushAsync() => Output() is { IsWritten: true } to ? runtime.Store.FlushAsync(to) : Task.CompletedTask;

    private void ReportAny(double? fraction, string? text)
    {
        Checked(() =>
        {
            if (text is null) return text;
            if (string.IsNullOrWhiteSpace(text)) throw new InvalidInputException("text", "is empty; leave it out, or say how far the work is.");
            if (text.Length > MostProgressText)
                throw new InvalidInputException("text", $"is {text.Length:N0} characters long; the limit is {MostProgressText:N0}.");
            Names.CheckText("text", text);
            return text;
        });
        Output().Report(new() { Fraction = fraction, Text = text, Version = Version, At = runtime.Now });
    }

    private StepOutput Output()
    {
        lock (gate)
        {
            if (ended)
                throw new ConflictException(
                    $"This step of work item {Item.Id} (from version {Version}) has ended; it says nothing any more. Await everything that the step starts " +
                    $"before it returns."
                );
            effects?.Calls.ThrowIfOver();
            return output ??= IsDropped ? new(lease, runtime.Options.MaxStreamBytes) : lease.Output ??= runtime.Store.OutputOf(lease);
        }
    }
}
