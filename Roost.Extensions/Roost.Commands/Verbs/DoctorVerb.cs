using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Looks for what is wrong with a data file.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Option<bool> quick = new("--quick") { Description = "Leaves out what reads the whole file." };

    public DoctorVerb()
        : base("doctor", "Check the data file, its place, its leases and its engines; exit code 1 where something is wrong.") =>
        Take(quick, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        IReadOnlyList<FileCheck> checks = await RoostRuntime.CheckFileAsync(call.Database.Path, !call.Get(quick), call.Stop);
        if (call.IsJson)
            call.Print.Json(
                new
                {
                    call.Database.Path,
                    Healthy = checks.All(check => check.Status != CheckStatus.Error),
                    Checks = checks,
                }
            );
        else
            call.Print.Table(
                ["check", "status", "found", "advice"],
                checks.Select(check => new[] { check.Name, check.Status.ToString().ToLowerInvariant(), check.Found, check.Advice ?? "" }),
                ""
            );
        return checks.Any(check => check.Status == CheckStatus.Error) ? ExitCodes.Error : ExitCodes.Ok;
    }
}
