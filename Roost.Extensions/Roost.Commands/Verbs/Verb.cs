using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>One verb. What goes wrong in it becomes a line on stderr and an exit code, here and nowhere else.</summary>
internal abstract class Verb : Command
{
    protected Verb(string name, string description) : base(name, description) => SetAction(GuardAsync);

    protected abstract Task<int> RunAsync(Call call);

    /// <summary>Declares the arguments and options, in the order of the help text.</summary>
    protected void Take(params Symbol[] symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument) Arguments.Add(argument);
            else Options.Add((Option)symbol);
        }
    }

    /// <summary>It has something to put in order when it is asked to stop, and does not hang on its output meanwhile.</summary>
    protected virtual bool EndsByItself => false;

    private async Task<int> GuardAsync(ParseResult parsed, CancellationToken stop)
    {
        var call = new Call(parsed, stop);
        using var ended = new CancellationTokenSource();
        Task<int> running = Task.Run(() => RunGuardedAsync(call, stop), CancellationToken.None);
        Task first = EndsByItself ? running : await Task.WhenAny(running, call.Print.Output.StuckAsync(stop, ended.Token));
        await ended.CancelAsync();
        return first == running ? await running : ExitCodes.Interrupted;
    }

    private async Task<int> RunGuardedAsync(Call call, CancellationToken stop)
    {
        try
        {
            return await RunAsync(call);
        }
        catch (OperationCanceledException) when (call.IsUnread && !stop.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }
        catch (Exception e) when (call.Done is not null)
        {
            await ComplainAsync(call, $"{call.Done}; what came after that did not succeed: {e.Message}");
            return ExitCodes.Ok;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception e)
        {
            await ComplainAsync(call, IsExpected(e) ? CommandWords.Of(e, HasOption) : e.ToString());
            return CodeOf(e);
        }
    }

    private bool HasOption(string name) => Options.Any(each => each.Name == name || each.Aliases.Contains(name));

    private async Task ComplainAsync(Call call, string message)
    {
        try
        {
            await Console.Error.WriteLineAsync($"{this.Path()}: {Text.Lines(call.Print.Hide(message))}");
        }
        catch (IOException)
        {
            // Nobody can be told; the exit code says it.
        }
    }

    private static bool IsExpected(Exception e) => e is UsageException or RoostException or IOException or UnauthorizedAccessException;

    private static int CodeOf(Exception e) => e switch
    {
        UsageException or InvalidInputException => ExitCodes.Usage,
        NotFoundException => ExitCodes.NotFound,
        ConflictException => ExitCodes.Conflict,
        _ => ExitCodes.Error,
    };
}
