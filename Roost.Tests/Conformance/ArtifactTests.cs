using System.Security.Cryptography;
using Roost.Tests.Support;
using static Roost.Tests.Support.Artifacts;

namespace Roost.Tests.Conformance;

/// <summary>What an item has produced: its content, names, versions and what is said about it.</summary>
internal sealed class ArtifactTests(StoreHost host) : ConformanceTests(host)
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Chunk - 1)]
    [TestCase(Chunk)]
    [TestCase(Chunk + 1)]
    [TestCase(3 * Chunk)]
    public async Task Content_comes_back_as_it_was(int size)
    {
        byte[] content = Bytes(size);
        await using RoostRuntime roost = await OpenAsync(null, Once(async context =>
        {
            await context.AddArtifactAsync("streamed.bin", new MemoryStream(content));
            context.AddArtifactBytes("memory.bin", content);
        }));
        string id = await RunAsync(roost);

        (await roost.ReadArtifactAsync(id, "streamed.bin")).Should().Equal(content);
        (await roost.ReadArtifactAsync(id, "memory.bin")).Should().Equal(content);
        (await roost.ListArtifactsOfAsync(id)).Should().AllSatisfy(artifact =>
        {
            artifact.Size.Should().Be(size);
            artifact.Sha256.Should().Be(Convert.ToHexStringLower(SHA256.HashData(content)));
        });
    }

    [Test]
    public async Task The_same_content_is_stored_once_within_an_item_and_across_items()
    {
        byte[] content = Bytes(Chunk + 5);
        await using RoostRuntime roost = await OpenAsync(null, Once(async context =>
        {
            context.AddArtifactBytes("a.bin", content);
            await context.AddArtifactAsync("b.bin", new MemoryStream(content));
            await context.AddArtifactAsync("c.bin", new MemoryStream(content));
        }));
        await RunAsync(roost);
        await RunAsync(roost);

        roost.ArtifactCount().Should().Be(6);
        Host.ContentOf(roost).Should().BeEquivalentTo(new { Contents = 1L, Uploads = 0L });
    }

    [Test]
    public async Task The_same_name_in_a_later_step_is_a_new_version_beside_the_old()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactText("log.txt", $"step {state}");
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        }));
        string id = await RunAsync(roost);

        (await roost.ListArtifactsOfAsync(id)).Select(artifact => artifact.Version).Should().Equal(2, 3, 4);
        (await TextAsync(roost, id, "log.txt")).Should().Be("step 2");
        (await TextAsync(roost, id, "log.txt", 3)).Should().Be("step 1");
    }

    [Test]
    public async Task A_step_that_fails_for_good_again_after_a_retry_may_attach_the_same_name_again()
    {
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((_, context) =>
        {
            context.AddArtifactText("why.txt", $"try {++tries}");
            return ScriptedEngine.GiveUp("no");
        }));
        string id = await RunAsync(roost);
        await roost.RetryAsync(id);
        await roost.RunUntilDoneAsync(id);

        (await TextAsync(roost, id, "why.txt")).Should().Be("try 2");
        (await roost.ListArtifactsOfAsync(id)).Should().HaveCount(2).And.OnlyContain(each => each.Version == 1, "neither try has saved a version");
    }

    [Test]
    public async Task An_artifact_by_address_has_no_bytes_and_says_where_it_is()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(context =>
        {
            context.AddArtifactUri("page.html", new Uri("https://example.com/page"));
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        Artifact artifact = (await roost.ListArtifactsOfAsync(id)).Single();
        (artifact.Size, artifact.Sha256, artifact.Uri).Should().Be((null, null, "https://example.com/page"));
        (await ThrownByAsync<ConflictException>(() => roost.OpenArtifactAsync(id, "page.html"))).Message.Should().Contain("https://example.com/page");
    }

    [Test]
    public async Task Kind_media_type_extension_and_metadata_are_told_or_given()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(context =>
        {
            context.AddArtifact("Report.JSON", new { a = 1 });
            context.AddArtifactText("change.patch", "+");
            context.AddArtifactText("plain", "x", new() { Kind = ArtifactKind.Log, MediaType = "text/x-log", Metadata = new { lines = 1 } });
            Assert.Throws<InvalidInputException>(() => context.AddArtifactText("odd", "x", new() { Kind = (ArtifactKind)99 }));
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        IReadOnlyList<Artifact> found = await roost.ListArtifactsOfAsync(id);
        found.Select(a => (a.Name, a.Kind, a.MediaType, a.Extension)).Should().Equal(
            ("Report.JSON", ArtifactKind.Json, "application/json", ".json"),
            ("change.patch", ArtifactKind.Patch, "text/plain", ".patch"),
            ("plain", ArtifactKind.Log, "text/x-log", ""));
        found[2].Metadata!.Value.GetProperty("lines").GetInt32().Should().Be(1);
        found[0].Metadata.Should().BeNull();
    }

    [Test]
    public async Task What_is_not_there_is_said_with_what_is()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(context =>
        {
            context.AddArtifactText("a.txt", "x");
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        await ThrownByAsync<NotFoundException>(() => roost.ListArtifactsOfAsync("nobody"));
        await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync("nobody", "a.txt"));
        (await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync(id, "b.txt"))).Message.Should().Contain("\"a.txt\"");
        (await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync(id, "a.txt", 9))).Message.Should().Contain("version 9").And.Contain("2");
    }

    [Test]
    public async Task An_artifact_that_is_purged_while_it_is_read_is_said_to_be_gone()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(2 * Chunk)))));
        string id = await RunAsync(roost);
        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        await stream.ReadExactlyAsync(new byte[Chunk]);
        await roost.PurgeAsync(new(TimeSpan.Zero));

        (await ThrownByAsync<NotFoundException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask())).Message.Should().Contain("purged");
    }

    [Test]
    public async Task A_stream_can_be_read_from_anywhere()
    {
        byte[] content = Bytes(2 * Chunk + 100);
        await using RoostRuntime roost = await OpenAsync(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(content))));
        string id = await RunAsync(roost);
        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");

        stream.Length.Should().Be(content.Length);
        foreach (int at in new[] { 2 * Chunk + 50, Chunk - 5, 0, Chunk, content.Length - 10 })
        {
            stream.Position = at;
            byte[] ten = new byte[10];
            stream.ReadExactly(ten);
            ten.Should().Equal(content[at..(at + 10)]);
        }
        stream.ReadByte().Should().Be(-1);
    }
}
