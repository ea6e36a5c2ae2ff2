using System.IO.Compression;
using System.Text;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Text that comes as bytes is UTF-8, with or without a mark, or it is refused by the name of what it seems to be; nothing is replaced.</summary>
[TestFixture]
internal sealed class EncodingTests
{
    private const string Json = """{"city":"Zürich ß","n":1}""";

    private static IEnumerable<TestCaseData> Others()
    {
        yield return new TestCaseData(Encoding.Latin1.GetBytes("{\n\"city\":\"Zürich\"}"), "0xFC.*line 2, byte 10.*Latin-1");
        yield return new TestCaseData(With(Encoding.Unicode), "UTF-16 \\(little-endian\\)");
        yield return new TestCaseData(With(Encoding.BigEndianUnicode), "UTF-16 \\(big-endian\\)");
        yield return new TestCaseData(With(Encoding.UTF32), "UTF-32 \\(little-endian\\)");
        yield return new TestCaseData(With(new UTF32Encoding(bigEndian: true, byteOrderMark: true)), "UTF-32 \\(big-endian\\)");
        yield return new TestCaseData(Encoding.Unicode.GetBytes(Json), "UTF-16 \\(little-endian\\) without a mark");
        yield return new TestCaseData(Encoding.BigEndianUnicode.GetBytes(Json), "UTF-16 \\(big-endian\\) without a mark");
        yield return new TestCaseData(Encoding.UTF32.GetBytes(Json), "UTF-32 \\(little-endian\\) without a mark");
        yield return new TestCaseData(Compressed(), "gzip");
        yield return new TestCaseData((byte[])[.. "{\"a\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], "0xED");
    }

    [TestCaseSource(nameof(Others))]
    public async Task Another_encoding_is_refused_by_its_name(byte[] bytes, string told)
    {
        FluentActions
            .Invoking(() => WorkItem.FromJson("e", bytes))
            .Should()
            .Throw<InvalidInputException>()
            .Which.Message.Should()
            .StartWith("Payload: ")
            .And.MatchRegex(told);

        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["roost.json"], bytes);
        FluentActions
            .Invoking(() => TriggerFile.Load(folder["roost.json"]))
            .Should()
            .Throw<InvalidInputException>()
            .Which.Message.Should()
            .MatchRegex(told)
            .And.Contain("roost.json");
    }

    [TestCase(true), TestCase(false)]
    public void Utf8_is_taken_with_and_without_a_mark(bool mark) =>
        WorkItem.FromJson("e", mark ? With(new UTF8Encoding(true)) : Encoding.UTF8.GetBytes(Json)).Payload.GetRawText().Should().Be(Json);

    [Test]
    public async Task The_command_takes_the_same_from_a_file_and_from_a_pipe()
    {
        using var roost = new CommandFolder();
        foreach (
            (string name, byte[] bytes) in (IEnumerable<(string, byte[])>)
                [("utf8", With(new UTF8Encoding(true))), ("latin1", Encoding.Latin1.GetBytes("{\"city\":\"Zürich\"}")), ("utf16", With(Encoding.Unicode))]
        )
        {
            await File.WriteAllBytesAsync(roost.Folder[name], bytes);
            CommandResult file = await roost.RunAsync("enqueue", "-e", "demo", "-p", "@" + name);
            CommandResult pipe = await PipeAsync(roost, bytes);
            pipe.ExitCode.Should().Be(file.ExitCode);
            if (name == "utf8")
            {
                await using var stored = new RoostRuntime(roost.Database);
                foreach (CommandResult each in (CommandResult[])[file, pipe]) (await stored.GetAsync(each.Ends(0).Word)).Payload.GetRawText().Should().Be(Json);
            }
            else
            {
                foreach (CommandResult each in (CommandResult[])[file, pipe]) each.Ends(2).Error.Should().Contain("UTF-8").And.NotContain("\uFFFD");
            }
        }
        (await roost.RunAsync("enqueue", "-e", "demo", "-p", "{\"city\":\"Z\uFFFDrich\"}")).Ends(2).Error.Should().Contain("U+FFFD");
    }

    private static async Task<CommandResult> PipeAsync(CommandFolder roost, byte[] bytes)
    {
        await using CommandProcess command = roost.Start("enqueue", "-e", "demo", "-p", "-");
        return await command.EndAsync(bytes);
    }

    private static byte[] With(Encoding encoding) => [.. encoding.GetPreamble(), .. encoding.GetBytes(Json)];

    private static byte[] Compressed()
    {
        var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest)) zip.Write(Encoding.UTF8.GetBytes(Json));
        return bytes.ToArray();
    }
}
