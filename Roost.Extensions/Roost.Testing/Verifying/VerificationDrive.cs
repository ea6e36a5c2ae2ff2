using System.Globalization;

namespace Roost.Testing.Verifying;

/// <summary>Brings an item to its end: runs it, answers, sends signals, and moves the clock where nothing else is left.</summary>
internal sealed class VerificationDrive(Verification run, RoostTest test, string id)
{
    private const string MoreSteps = "let it come to an end; or raise VerifierOptions.MaxSteps where it needs more, or say IsEndless where it has none.",
        MoreTime = "see what the step waits for: time stands still for whoever waits by the virtual clock. Raise VerifierOptions.Patience where it is slow.",
        WhatItWaitsFor = "give it what it waits for by VerifierOptions: Signals, Answer, or Engines for its children.";

    private readonly List<SentSignal> unsent = [.. run.Options.Signals];
    private readonly HashSet<string> unanswered = new(StringComparer.Ordinal);

    /// <param name="stop">Ends the run, for whatever reason.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        try
        {
            await DriveAsync(stop);
            if (unsent.Count > 0) run.Note($"Signals that no item has waited for: {string.Join(", ", unsent.Select(signal => signal.Name))}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (run.IsFull) run.Note("The run was ended when so much had been found.");
            else if (run.IsBeyondSteps && run.Options.IsEndless) return;
            else if (run.IsBeyondSteps) await NotEndedAsync(string.Create(CultureInfo.InvariantCulture, $"after {run.Steps:N0} steps"), MoreSteps);
            else await NotEndedAsync($"after {run.Options.Patience:c} of the real clock", MoreTime);
        }
    }

    private async Task DriveAsync(CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            IdleState idle = await test.RunUntilIdleAsync(stop);
            if ((await test.Runtime.GetAsync(id, stop)).Summary.State is WorkState.Done or WorkState.Failed or WorkState.Cancelled) return;
            if (await AnswerAsync() || await SignalAsync()) continue;
            if (idle.Due is { } due)
            {
                test.MoveTo(due);
                continue;
            }
            string situation = (await test.Runtime.GetAsync(id, stop)).Situation;
            await NotEndedAsync($"and nothing can run, nor will by any time: {situation}", WhatItWaitsFor);
            return;
        }
    }

    private async Task<bool> AnswerAsync()
    {
        if (run.Options.Answer is not { } answer) return false;
        bool any = false;
        foreach (AskInfo ask in (await test.Runtime.ListAsksAsync(limit: 1000)).Items.Where(ask => !unanswered.Contains(ask.Id)))
        {
            if (answer(ask) is not { } value)
            {
                unanswered.Add(ask.Id);
                continue;
            }
            await test.Runtime.AnswerAsync(ask.Id, value, "test");
            any = true;
        }
        return any;
    }

    private async Task<bool> SignalAsync()
    {
        if (unsent.Count == 0) return false;
        foreach (WorkSummary item in (await test.Runtime.ListAsync(new() { Condition = WorkCondition.Waiting }, limit: 1000)).Items)
        {
            if ((await test.Runtime.GetAsync(item.Id)).Wait is not { } wait || unsent.Find(one => wait.Signals.Contains(one.Name)) is not { } signal) continue;
            unsent.Remove(signal);
            await test.Runtime.SignalAsync(item.Id, signal.Name, signal.Payload);
            return true;
        }
        return false;
    }

    private async Task NotEndedAsync(string how, string toDo)
    {
        WorkDetail item = await test.Runtime.GetAsync(id);
        run.Add(new()
        {
            Kind = FindingKind.NotEnded,
            Engine = item.Summary.Engine,
            Seen = $"The item is {item.Summary.State.Name()} at version {item.Summary.Version}{(item.Summary.Step is { } step ? $" (\"{step}\")" : "")} {how}.",
            ToDo = toDo,
        });
    }
}
