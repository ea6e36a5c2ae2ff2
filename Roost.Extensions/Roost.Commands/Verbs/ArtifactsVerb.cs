using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What a work item has produced.</summary>
internal static class ArtifactsVerb
{
    public static Command Create() =>
        new("artifacts", "List, print or save what a work item has produced.") { new ListArtifacts(), new CatArtifact(), new SaveArtifacts() };

    public static Option<int?> Version() => new("--version", "-v") { Description = "Which version of the name. Default: the latest.", HelpName = "number" };

    private sealed class ListArtifacts : Verb
    {
        private readonly Argument<string?> id = new Argument<string?>("id")
        {
            Description = "The work item: its id, or a unique beginning or end of it. Default: all, newest artifact first.",
            Arity = ArgumentArity.ZeroOrOne,
        }.OffersIds();
        private readonly Option<string> engine = CommonOptions.Engine("Without an id: only of this engine's items.");
        private readonly Option<string> name = new("--name") { Description = "Without an id: only artifacts whose name holds this text.", HelpName = "text" };
        private readonly Option<int> limit = new("--limit", "-n")
        {
            Description = "Without an id: how many at most.",
            HelpName = "number",
            DefaultValueFactory = _ => 50,
        };
        private readonly Option<string> cursor = new("--cursor")
        {
            Description = "Without an id: goes on where an earlier page ended: the next of its --json.",
        };

        public ListArtifacts()
            : base("list", "List the artifacts of a work item, or the newest of all.") => Take(id, engine, name, limit, cursor, CommonOptions.Json);

        protected override async Task<int> RunAsync(Call call)
        {
            if (call.Get(id) is not null && new Option[] { engine, name, limit, cursor }.FirstOrDefault(call.IsGiven) is { } odd)
                throw new UsageException($"{odd.Name} is given together with an id; of one work item all artifacts are listed.");
            await using RoostRuntime roost = call.Open();
            var filter = new ArtifactFilter { Engine = call.Get(engine), Name = call.Get(name) };
            Page<Artifact> page = call.Get(id) is { } of
                ? new(await roost.ListArtifactsOfAsync(await IdResolver.FindAsync(roost, of, call.Stop), call.Stop), null)
                : await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) => roost.ListArtifactsAsync(filter, most, from, call.Stop));
            return await call.ShowAsync(() => Task.FromResult(new Answer(page, print => Show(print, page, withItem: call.Get(id) is null))));
        }

        private static void Show(Printer print, Page<Artifact> page, bool withItem)
        {
            print.Table(
                [.. withItem ? (string[])["item"] : [], "name", "version", "kind", "media type", "size", "created", "sha256"],
                page.Items.Select(each => (string[])
                [
                    .. withItem ? (string[])[print.Id(each.WorkId)] : [],
                    each.Name, each.Version.ToString(CultureInfo.InvariantCulture), each.Kind.ToString().ToLowerInvariant(), each.MediaType,
                    each.Size is { } size ? Times.Size(size) : print.Hide(each.Uri), print.Time(each.CreatedAt),
                    print.IsTerminal ? Text.Short(each.Sha256, 12) : each.Sha256 ?? "",
                ]),
                withItem ? "No artifact is like that." : "It has no artifact.");
            if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
        }
    }

    private sealed class CatArtifact : Verb
    {
        private readonly Argument<string> id = CommonOptions.Id();
        private readonly Argument<string> name = new("name") { Description = "The artifact." };
        private readonly Option<int?> version = Version();

        public CatArtifact()
            : base("cat", "Write the bytes of an artifact to stdout, as they are; a terminal gets its text, cleaned and with secrets masked.") =>
            Take(id, name, version);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
        {
            await using Stream content = await roost.OpenArtifactAsync(workId, call.Get(name), call.Get(version), call.Stop);
            if (call.Print.IsTerminal) await ShowAsync(call.Print, content, call.Stop);
            else
            {
                await using Stream output = Console.OpenStandardOutput();
                byte[] buffer = new byte[64 * 1024];
                for (int read; (read = await content.ReadAsync(buffer, call.Reading)) > 0;)
                {
                    using (call.Print.Output.Blocking()) await output.WriteAsync(buffer.AsMemory(0, read), call.Reading);
                }
            }
            return ExitCodes.Ok;
        });

        /// <summary>A terminal gets the text with nothing in it that would steer the terminal, and no secrets.</summary>
        private static async Task ShowAsync(Printer print, Stream content, CancellationToken stop)
        {
            using var reader = new StreamReader(content);
            bool isKey = false; // A private key goes over many lines, and each alone looks like nothing.
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                bool begins = line.Contains("-----BEGIN ", StringComparison.Ordinal) && line.Contains("PRIVATE KEY-----", StringComparison.Ordinal);
                bool ends = line.Contains("-----END", StringComparison.Ordinal);
                if (!isKey || ends || !print.IsMasking) print.Line(print.Hide(line));
                if (begins && !ends && print.IsMasking) print.Line(SecretKeys.Mask);
                isKey = (isKey || begins) && !ends;
            }
        }
    }

    private sealed class SaveArtifacts : Verb
    {
        private readonly Argument<string> id = CommonOptions.Id();
        private readonly Argument<string?> name = new("name")
        {
            Description = "The artifact. Default: all, each in its latest version.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        private readonly Option<int?> version = Version();
        private readonly Option<string> folder = new("--to", "-o")
        {
            Description = "The folder to save in. Default: the current one.",
            HelpName = "folder",
            DefaultValueFactory = _ => ".",
        };
        private readonly Option<bool> force = new("--force") { Description = "Replace files that are there." };

        public SaveArtifacts() : base("save", "Save artifacts as files, named after them.") => Take(id, name, version, folder, force, CommonOptions.Json);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
        {
            if (string.IsNullOrWhiteSpace(call.Get(folder))) throw new UsageException("--to is empty; name the folder to save in.");
            IReadOnlyList<Artifact> artifacts = await roost.ListArtifactsOfAsync(workId, call.Stop);
            string[] names = call.Get(name) is { } one
                ? [one]
                : [.. artifacts.Where(each => each.Uri is null).Select(each => each.Name).Distinct(StringComparer.Ordinal)];
            if (names.Length == 0) await Console.Error.WriteLineAsync("It has no artifact to save.");
            if (names.GroupBy(ArtifactFileName.Of, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } clash)
                throw new ConflictException($"{string.Join(" and ", clash)} would be saved as one file, {clash.Key}; save each by its name into a folder " +
                    $"of its own.");
            string target = Directory.CreateDirectory(call.Get(folder)!).FullName;
            var saved = new List<string>();
            foreach (string each in names)
            {
                await using Stream content = await roost.OpenArtifactAsync(workId, each, call.Get(version), call.Stop);
                saved.Add(await ArtifactFile.SaveAsync(content, target, each, call.Get(force), call.Stop));
            }
            call.Done = $"{Text.Count(saved.Count, "file")} saved in {target}";
            if (call.IsJson) call.Print.Json(new { Files = saved });
            else foreach (string file in saved) call.Print.Line(file);
            return ExitCodes.Ok;
        });
    }
}
