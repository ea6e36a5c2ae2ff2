using System.CommandLine;
using System.Globalization;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

/// <summary>What a work item has produced.</summary>
internal static class ArtifactsVerb
{
    public static Command Create() => new("artifacts", "List, print or save what a work item has produced.") { new ListArtifacts(), new CatArtifact(), new SaveArtifacts() };

    public static Option<int?> Version() => new("--version", "-v") { Description = "Which version of the name. Default: the latest.", HelpName = "number" };

    private sealed class ListArtifacts : Verb
    {
        private readonly Argument<string> id = CommonOptions.Id();

        public ListArtifacts() : base("list", "List the artifacts of a work item.") => Take(id, CommonOptions.Json);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
        {
            IReadOnlyList<Artifact> artifacts = await roost.GetArtifactsAsync(workId, call.Stop);
            return new(new { Items = artifacts }, print => print.Table(
                ["name", "version", "kind", "media type", "size", "created", "sha256"],
                artifacts.Select(each => new[]
                {
                    each.Name, each.Version.ToString(CultureInfo.InvariantCulture), each.Kind.ToString().ToLowerInvariant(), each.MediaType,
                    each.Size is { } size ? Times.Bytes(size) : each.Uri ?? "", print.Time(each.CreatedAt), print.IsTerminal ? Text.Short(each.Sha256, 12) : each.Sha256 ?? "",
                }),
                "It has no artifact."));
        }));
    }

    private sealed class CatArtifact : Verb
    {
        private readonly Argument<string> id = CommonOptions.Id();
        private readonly Argument<string> name = new("name") { Description = "The artifact." };
        private readonly Option<int?> version = Version();

        public CatArtifact() : base("cat", "Write the bytes of an artifact to stdout, as they are.") => Take(id, name, version);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
        {
            await using Stream content = await roost.OpenArtifactAsync(workId, call.Get(name), call.Get(version), call.Stop);
            if (call.Print.IsTerminal) await ShowAsync(call.Print, content, call.Stop);
            else
            {
                await using Stream output = System.Console.OpenStandardOutput();
                await content.CopyToAsync(output, call.Stop);
            }
            return ExitCodes.Ok;
        });

        /// <summary>A terminal gets the text with nothing in it that would steer the terminal.</summary>
        private static async Task ShowAsync(Printer print, Stream content, CancellationToken stop)
        {
            using var reader = new StreamReader(content);
            while (await reader.ReadLineAsync(stop) is { } line) print.Line(line);
        }
    }

    private sealed class SaveArtifacts : Verb
    {
        private readonly Argument<string> id = CommonOptions.Id();
        private readonly Argument<string?> name = new("name") { Description = "The artifact. Default: all, each in its latest version.", Arity = ArgumentArity.ZeroOrOne };
        private readonly Option<int?> version = Version();
        private readonly Option<string> folder = new("--to", "-o") { Description = "The folder to save in. Default: the current one.", HelpName = "folder", DefaultValueFactory = _ => "." };
        private readonly Option<bool> force = new("--force") { Description = "Replace files that are there." };

        public SaveArtifacts() : base("save", "Save artifacts as files, named after them.") => Take(id, name, version, folder, force, CommonOptions.Json);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
        {
            IReadOnlyList<Artifact> artifacts = await roost.GetArtifactsAsync(workId, call.Stop);
            string[] names = call.Get(name) is { } one ? [one] : [.. artifacts.Where(each => each.Uri is null).Select(each => each.Name).Distinct(StringComparer.Ordinal)];
            if (names.Length == 0) await System.Console.Error.WriteLineAsync("It has no artifact to save.");
            string target = Directory.CreateDirectory(call.Get(folder)!).FullName;
            var saved = new List<string>();
            foreach (string each in names)
            {
                await using Stream content = await roost.OpenArtifactAsync(workId, each, call.Get(version), call.Stop);
                saved.Add(await ArtifactFile.SaveAsync(content, target, each, call.Get(force), call.Stop));
            }
            if (call.IsJson) call.Print.Json(new { Files = saved });
            else foreach (string file in saved) call.Print.Line(file);
            return ExitCodes.Ok;
        });
    }
}
