using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>The folder of a work item.</summary>
internal sealed class WorkspacePathVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Option<string> root = new("--workspace-root")
    {
        Description = "The folder of the workspaces. Default: ROOST_WORKSPACE_ROOT, else beside the data file.",
        HelpName = "folder",
    };

    public WorkspacePathVerb()
        : base("workspace-path", "Print the folder of a work item's workspace, whether it exists or not.") => Take(id, root, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        string? given = call.Get(root) ?? (Environment.GetEnvironmentVariable("ROOST_WORKSPACE_ROOT") is { Length: > 0 } set ? set : null);
        await using RoostRuntime roost = call.Open(new RoostOptions { Workspaces = new() { Root = given } });
        Workspace workspace = roost.GetWorkspace(await IdResolver.FindAsync(roost, call.Get(id), call.Stop));
        if (call.IsJson) call.Print.Json(new { workspace.Path, workspace.Exists, workspace.Kind });
        else call.Print.Line(workspace.Path);
        return ExitCodes.Ok;
    }
}
