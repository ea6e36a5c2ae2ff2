using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Copies the file while work goes on.</summary>
internal sealed class BackupVerb : Verb
{
    private readonly Argument<string> file = new("file") { Description = "The file to make; it must not exist." };

    public BackupVerb() : base("backup", "Copy the data file as it is at one moment, while workers go on.") => Take(file, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        await roost.BackupAsync(call.Get(file), call.Stop);
        string path = Path.GetFullPath(call.Get(file));
        call.Done = $"The backup {path} was made";
        long bytes = new FileInfo(path).Length;
        if (call.IsJson) call.Print.Json(new { Path = path, Bytes = bytes });
        else call.Print.Line($"{path}, {Times.Size(bytes)}. It changes nothing until \"roost adopt\".");
        return ExitCodes.Ok;
    }
}
