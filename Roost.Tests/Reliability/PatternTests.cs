using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Roost.AspNetCore;
using Roost.AspNetCore.Output;
using Roost.Commands;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>No pattern of the program goes back over a text: what takes a moment for a usual one takes no minutes for one that was made for it.</summary>
[TestFixture, Category("Reliability")]
internal sealed class PatternTests
{
    private const int Length = 300_000;

    /// <summary>Going back once from each letter would be some 40 thousand million looks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static readonly string[] Pieces =
    [
        "abcdef-", "a", "0", "a0", "-", "_", ".", "1,", "token", "token ", "token=", "token=\"", "token\\", "token:bearer ", "\\", "\"", "'", "=",
        ":", " ", "\t", "\n", "api", "api_", "basic ", "Aa", "é", "\ud83d\ude00", "\ud800",
    ];

    [TestCaseSource(nameof(Pieces))]
    public void A_text_made_for_a_pattern_takes_no_longer_than_another(string piece)
    {
        string text = string.Concat(Enumerable.Repeat(piece, Length / piece.Length));
        var secrets = new SecretKeys(SecretKeys.Usual, reveal: false);

        foreach (string hostile in (string[])[text, text + "!", "token" + text, "token=" + text, "token=\"" + text, "1" + text])
        {
            var watch = Stopwatch.StartNew();
            _ = secrets.Hide(hostile);
            _ = secrets.IsSecret(hostile);
            _ = FailureShape.Of(hostile);
            watch.Elapsed.Should().BeLessThan(Longest);
        }
    }

    /// <summary>What reads texts of others. The kit for tests reads those of the tests that use it.</summary>
    private static readonly string[] Programs =
    [
        "Roost", "Roost.Cli", "Roost.Extensions/Roost.AspNetCore", "Roost.Extensions/Roost.Commands", "Roost.Extensions/Roost.Extensions.Hosting",
    ];

    [Test]
    public void Every_pattern_of_the_program_is_one_that_cannot_go_back()
    {
        foreach (string project in Programs)
            foreach (string file in Directory.EnumerateFiles(SourceTree.PathOf(project), "*.*", SearchOption.AllDirectories).Where(IsSource))
                foreach (
                    string line in File.ReadLines(file)
                        .Where(line => line.Contains("Regex", StringComparison.Ordinal) && !line.Contains("using ", StringComparison.Ordinal))
                )
                    line.Should().Contain(nameof(RegexOptions.NonBacktracking), "this is a pattern of {0}; make it so, or read the text by hand", file);
    }

    [Test]
    public void No_pattern_is_kept_that_can_go_back()
    {
        foreach (Assembly assembly in (Assembly[])[typeof(RoostRuntime).Assembly, typeof(ConsoleServer).Assembly, typeof(RoostCommand).Assembly])
        {
            assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Regex))).Should().BeEmpty("the generator knows no pattern without going back");
            foreach (
                FieldInfo field in assembly
                    .GetTypes()
                    .Where(type => !type.ContainsGenericParameters)
                    .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            )
                if (field.FieldType == typeof(Regex))
                    ((Regex)field.GetValue(null)!).Options.Should().HaveFlag(RegexOptions.NonBacktracking, field.Name);
        }
    }

    [Test]
    public void The_pages_hold_no_pattern_of_their_own()
    {
        foreach (
            string file in Directory
                .EnumerateFiles(SourceTree.PathOf("Roost.Extensions", "Roost.AspNetCore"), "*.*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".js" or ".razor")
        )
            File.ReadAllText(file).Should().NotContainAny("RegExp", ".match(", ".matchAll(", ".replace(/", ".split(/", ".test(", " pattern=");
    }

    private static bool IsSource(string file) =>
        Path.GetExtension(file) is ".cs" or ".razor"
        && !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
}
