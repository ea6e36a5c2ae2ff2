using System.Reflection;
using System.Text.RegularExpressions;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What an error names is spelled as whoever wrote the call has spelled it.</summary>
[TestFixture]
internal sealed partial class FieldNameTests
{
    /// <summary>What gives a text of its own as the field of an <see cref="InvalidInputException"/>, here or further down.</summary>
    [GeneratedRegex(
        """\b(?:InvalidInputException|Names\.Check\w*|CheckName|CheckText|CheckSize|Serialize|Indented|Milliseconds|Checked|RefuseBlank)""" +
        """\(\$?"([^"{]+)|\bconst string Field = "([^"]+)"""
    )]
    private static partial Regex Naming();

    [Test]
    public void Every_field_that_the_library_names_is_a_member_or_a_parameter_of_its_public_face()
    {
        HashSet<string> known = [.. Public().SelectMany(NamesOf)];
        var named = new Dictionary<string, string>();
        foreach (string file in Directory.EnumerateFiles(SourceTree.PathOf("Roost"), "*.cs", SearchOption.AllDirectories))
        {
            if (
                file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                || Path.GetFileName(file) == "TriggerFile.cs"
            )
                continue;
            foreach (Match match in Naming().Matches(File.ReadAllText(file)))
                named[match.Groups[1].Value + match.Groups[2].Value] = Path.GetFileName(file);
        }

        named.Should().HaveCountGreaterThan(50, "they were found");
        named.Where(field => field.Key.TrimEnd('.').Split('.').Any(part => !known.Contains(part.Split('[')[0]))).Should().BeEmpty();
    }

    private static Type[] Public() => typeof(RoostRuntime).Assembly.GetExportedTypes();

    private static IEnumerable<string> NamesOf(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (PropertyInfo property in type.GetProperties(Declared).Where(it => it.GetMethod is { IsPublic: true } or { IsFamily: true }))
            yield return property.Name;
        foreach (
            MethodBase method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)).Where(it => it.IsPublic || it.IsFamily)
        )
        {
            yield return method.Name;
            foreach (ParameterInfo parameter in method.GetParameters()) yield return parameter.Name!;
        }
    }
}
