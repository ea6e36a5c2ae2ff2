using System.CommandLine;
using System.CommandLine.Completions;
using Roost.Commands.Input;
using Roost.Commands.Verbs;

namespace Roost.Commands;

/// <summary>All verbs, and the engines that they may run.</summary>
internal sealed class Root : RootCommand
{
    public Root(Action<RoostRuntime> addEngines) : base("Durable agent work in one SQLite file: see it, run it, put it right.")
    {
        AddEngines = addEngines;
        Directives.Add(new SuggestDirective());
        foreach (Command verb in (Command[])
        [
            new EnginesVerb(), new EnqueueVerb(), new WorkerVerb(), new StatusVerb(), new TreeVerb(), new ListVerb(), new EventsVerb(),
            new WaitVerb(), new SignalVerb(), new SignalsVerb(), new InboxVerb(), new AnswerVerb(), new WithdrawVerb(),
            new CancelVerb(), new RetryVerb(), new RunAgainVerb(), DeadLettersVerb.Create(), new RequeueVerb(), new PriorityVerb(), new ReleaseVerb(),
            new PauseVerb(), new ResumeVerb(), new PausesVerb(),
            new HistoryVerb(), new StreamVerb(), new DiffVerb(), ArtifactsVerb.Create(), new WorkspacePathVerb(),
            new StatsVerb(), new ResourcesVerb(), new WorkersVerb(), new PruneVerb(), new BackupVerb(), new AdoptVerb(), new DoctorVerb(),
            new SchemaVerb(), new UiVerb(), new CompletionVerb(),
        ]) Subcommands.Add(verb);
        foreach (Option option in CommonOptions.All) Options.Add(option);
    }

    public Action<RoostRuntime> AddEngines { get; }
}
