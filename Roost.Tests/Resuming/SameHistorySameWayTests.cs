using System.Text.RegularExpressions;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 6: the same history resumes the same way.</summary>
internal sealed class SameHistorySameWayTests : RuleTests
{
    private protected override Scenario Program { get; } = new Talk();

    private protected override async Task MustHoldAsync(Killed killed)
    {
        bool wasThere = FileAudit.Count(killed.Path, "roost_work") > 0;
        string own = Path.GetDirectoryName(killed.Path)!;
        Dictionary<string, byte[]> history = Directory.GetFiles(own).ToDictionary(file => file, File.ReadAllBytes);

        List<string> here = await Program.ResumeAsync(killed.Path);

        // The same bytes at the same place, for a process that has never seen them.
        foreach (string file in Directory.GetFiles(own)) File.Delete(file);
        foreach ((string file, byte[] content) in history)
            if (!file.EndsWith("-shm", StringComparison.Ordinal)) await File.WriteAllBytesAsync(file, content);
        await using ChildProcess other = ChildProcess.StartWith(ChildProcess.Brief, "resume", killed.Path, Program.Name, "0", $"{Points.None}");
        string[] there = [.. (await other.EndAsync()).Where(line => line != Killed.End && !line.StartsWith(Killed.Calls, StringComparison.Ordinal))];

        Told(there).Should().Equal(Told(here));
        here.Should().Contain(line => line.StartsWith($"ended {Talk.Id} Done", StringComparison.Ordinal));

        // Each item by itself: which of two is stepped first is decided anew. An item that was not there yet has other keys each time it is enqueued.
        IEnumerable<string> Told(IEnumerable<string> said) =>
            said.OrderBy(line => line.Split(' ')[1], StringComparer.Ordinal).Select(line => wasThere ? line : Regex.Replace(line, "[0-9a-f]{32}", "key"));
    }
}
