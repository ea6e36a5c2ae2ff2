using Roost.Commands.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What a save of an artifact that was killed has left goes with the next save of that file; nothing else does.</summary>
[TestFixture]
internal sealed class PartialFileTests : FolderFixture
{
    private const string Id = "0123456789abcdef0123456789abcde";

    [Test]
    public async Task What_a_killed_save_has_left_goes_with_the_next_save_of_that_file()
    {
        byte[] content = Artifacts.Bytes(200_000);
        string begun = Left("out.bin", '0', content[..130_000]),
            empty = Left("out.bin", '1', []);
        string fresh = Left("out.bin", '2', content[..10]),
            other = Left("out.bin", '3', [1, 2, 3]),
            longer = Left("out.bin", '4', [.. content, 1]),
            beside = Left("other.bin", '5', content[..10]);
        string written = Left("out.bin", '6', content[..10]),
            named = folder["out.bin.mine.part"];
        await File.WriteAllBytesAsync(named, content[..10]);
        foreach (string file in new[] { begun, empty, other, longer, beside, written, named }) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-2));
        await using FileStream writing = new(written, FileMode.Open, FileAccess.Write);

        string saved = await ArtifactFile.SaveAsync(new MemoryStream(content), folder.Root, "out.bin", replace: false, CancellationToken.None);

        (await File.ReadAllBytesAsync(saved)).Should().Equal(content);
        Directory.GetFiles(folder.Root).Should().BeEquivalentTo([saved, fresh, other, longer, beside, written, named]);
    }

    private string Left(string name, char end, byte[] content)
    {
        string path = folder[$"{name}.{Id}{end}.part"];
        File.WriteAllBytes(path, content);
        return path;
    }
}
