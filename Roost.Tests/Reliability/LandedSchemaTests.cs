using System.Security.Cryptography;
using System.Text;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A schema that has landed never changes in place: the files that were made by it stay as they are, and would not fit any more.</summary>
[TestFixture, Category("Reliability")]
internal sealed class LandedSchemaTests : FolderFixture
{
    /// <summary>The script of each version that has landed, with the SHA-256 of its text. One that lands is added here, with its file in Fixtures.</summary>
    private static readonly (string Script, string Sha256)[] Landed =
    [
        ("001_initial.sql", "c9fe29a905e9b5328295db60aa1da450d3e8adc37004413ede2e4f125000c029"),
        ("002_payload_hash.sql", "d71e177868cce9f81afa2ac25043175b2fa5c11ade63ac478c075eeb0a6bceae"),
        ("003_real_use.sql", "f2c5b9584f29e12a2f78f01124fc4bc713f7cabc63532a48cd02265a0f6d6fc8"),
        ("004_names.sql", "d96bfe90152e9638ed41b8333fe896f6f01f218496d23f7cacd49460f785474c"),
        ("005_waiting.sql", "c3be2bddcd1c6d9965ef924dca93f515f896b9e107c3a0225c04ab23118ca3df"),
        ("006_children_and_pauses.sql", "15c0c83e67c4554fcc92d5e8bd4f5c2cd1b0c2a2e4b9402e4be8ea7edc6fa775"),
        ("007_traces.sql", "6bd9faad121f83d895e4ca3bf3977a0558b14c6146bc6b3166a419701dd40f07"),
        ("008_differences.sql", "2213201408290df7a6437704b09924190b4ff685f5161219dcb40cecb48c7e5f"),
        ("009_effects.sql", "b48f848487c6291530bf3006210a7c3b4bfc3a18c334720d7b2bfc79e0742604"),
        ("010_streams.sql", "9dd481cc94dd3f418207282ae52733c4c39f587c8219b743ecd3e871e07b77b1"),
    ];

    private const string EarlyArtifacts =
        """
        ALTER TABLE artifact RENAME TO landed;
        CREATE TABLE artifact (
            key INTEGER PRIMARY KEY,
            work INTEGER NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            kind TEXT NOT NULL,
            media_type TEXT NOT NULL,
            blob INTEGER,
            uri TEXT,
            metadata TEXT,
            at INTEGER NOT NULL,
            UNIQUE (work, name, version),
            CHECK ((blob IS NULL) <> (uri IS NULL))
        ) STRICT;
        INSERT INTO artifact SELECT * FROM landed;
        DROP TABLE landed;
        CREATE INDEX artifact_blob ON artifact (blob) WHERE blob IS NOT NULL
        """;

    private const string EarlyWriter = "ALTER TABLE writer RENAME COLUMN saved_at TO opened_at";

    [Test]
    public void The_text_of_each_schema_that_has_landed_is_as_it_was()
    {
        Landed.Select(each => each.Script).Should().Equal(Schema.Scripts.Take(Landed.Length));
        foreach ((string script, string sha256) in Landed)
            HashOf(script).Should().Be(sha256, $"{script} has landed; what is to change comes with a script of its own");
    }

    [Test]
    public void Each_schema_that_has_a_file_among_the_fixtures_has_landed()
    {
        string next = Landed.Length < Schema.Version
            ? $"(\"{Schema.Scripts[Landed.Length]}\", \"{HashOf(Schema.Scripts[Landed.Length])}\")"
            : "still to come";
        Landed.Should().HaveCount(FixtureFile.Kept().Count(), $"the next one is {next}");
    }

    [TestCase("schema-1.db.gz", EarlyWriter)]
    [TestCase("schema-1.db.gz", EarlyWriter + ";" + EarlyArtifacts)]
    [TestCase("schema-2.db.gz", EarlyWriter + ";" + EarlyArtifacts)]
    public async Task A_file_of_the_first_builds_before_schema_1_landed_is_told_as_one_and_goes_on(string fixture, string early)
    {
        string path = folder["roost.db"], fresh = folder["fresh.db"];
        await FixtureFile.UnpackAsync(fixture, path);
        FileValues landed = FileValues.Of(path);
        Probe.Execute(path, early);

        FileCheck told = (await RoostRuntime.CheckFileAsync(path)).Single(check => check.Name == "tables");
        (told.Status, told.Found).Should().Be((CheckStatus.Warning, "as the first builds of schema 1 made them, before it landed"));
        await using (new RoostRuntime(fresh)) { }
        await using RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = path, MaxInterruptions = 100 }).AddEngine(FixtureFile.Engine());

        FileValues.Of(path).Schema.Should().Equal(FileValues.Of(fresh).Schema);
        landed.MustBeKeptIn(path, "mended");
        await roost.RunUntilIdleAsync();
        (await roost.GetAsync("fresh")).Summary.State.Should().Be(WorkState.Done);
        (await roost.ReadArtifactAsync("done", "out.bin")).Should().Equal(FixtureFile.Content("done"));
        FileAudit.MustAgree(path);
    }

    private static string HashOf(string script) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Schema.Script(script).ReplaceLineEndings("\n"))));
}
