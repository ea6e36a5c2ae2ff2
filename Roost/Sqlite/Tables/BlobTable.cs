using System.Security.Cryptography;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// Content-addressed bytes in chunks. Chunks of a stream land one by one, pinned by their worker; the step's commit turns the pin into an
/// artifact. What is neither attached nor pinned is collected.
/// </summary>
internal sealed class BlobTable(WriteConnection connection, WorkerTable workers)
{
    /// <summary>How much of a stream is in memory at a time.</summary>
    public const int ChunkBytes = 256 * 1024;

    private const int ShrinkEvery = 32;

    private readonly Statement insertBlob = connection.Prepare("INSERT INTO roost_blob (sha256, size, at) VALUES (?1, ?2, ?3) RETURNING key");
    private readonly Statement findBlob = connection.Prepare("SELECT key FROM roost_blob WHERE sha256 = ?1");
    private readonly Statement finishBlob = connection.Prepare("UPDATE roost_blob SET sha256 = ?2, size = ?3 WHERE key = ?1");
    private readonly Statement deleteBlob = connection.Prepare("DELETE FROM roost_blob WHERE key = ?1");
    private readonly Statement insertChunk = connection.Prepare("INSERT INTO roost_blob_chunk (blob, n, sha256, data) VALUES (?1, ?2, ?3, ?4)");
    private readonly Statement mendChunk = connection.Prepare(
        """
        INSERT OR REPLACE INTO roost_blob_chunk (blob, n, sha256, data) SELECT ?1, n, sha256, data FROM roost_blob_chunk fresh WHERE blob = ?2 AND n = ?3
        AND NOT EXISTS (SELECT 1 FROM roost_blob_chunk known WHERE known.blob = ?1 AND known.n = ?3 AND known.sha256 = fresh.sha256 AND known.data = fresh.data)
        """);
    private readonly Statement storeChunk = connection.Prepare(
        """
        INSERT OR REPLACE INTO roost_blob_chunk (blob, n, sha256, data) SELECT ?1, ?2, ?3, ?4
        WHERE NOT EXISTS (SELECT 1 FROM roost_blob_chunk WHERE blob = ?1 AND n = ?2 AND sha256 = ?3 AND data = ?4)
        """);
    private readonly Statement deleteChunks = connection.Prepare("DELETE FROM roost_blob_chunk WHERE blob = ?1");
    private readonly Statement pinBlob = connection.Prepare("INSERT INTO roost_blob_pin (worker, blob, pin) VALUES (?1, ?2, ?3)");
    private readonly Statement unpin = connection.Prepare("DELETE FROM roost_blob_pin WHERE worker = ?1 AND blob = ?2 AND pin = ?3");
    private readonly Statement pinned = connection.Prepare("SELECT blob, pin FROM roost_blob_pin WHERE worker = ?1");
    private readonly Statement inUse = connection.Prepare(
        "SELECT EXISTS (SELECT 1 FROM roost_artifact WHERE blob = ?1) OR EXISTS (SELECT 1 FROM roost_blob_pin WHERE blob = ?1)");
    private readonly Statement isPinned = connection.Prepare("SELECT 1 FROM roost_blob_pin WHERE worker = ?1 AND blob = ?2 AND pin = ?3");
    private readonly Statement shrink = connection.Prepare("PRAGMA shrink_memory");
    private readonly Statement insertArtifact = connection.Prepare(
        "INSERT INTO roost_artifact (work, name, version, kind, media_type, blob, uri, metadata, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");

    /// <summary>Begins an upload: an unnamed blob, pinned by the worker. Null where the worker is gone: nobody would ever take its pin away.</summary>
    public (long Blob, long Pin)? Begin(long worker)
    {
        if (!workers.IsRegistered(worker)) return null;
        long blob = insertBlob.BindNull(1).Bind(2, 0).Bind(3, connection.Now).Scalar()!.Value;
        return (blob, Pin(worker, blob));
    }

    /// <summary>Adds one chunk; false where the worker was declared dead meanwhile and the upload collected.</summary>
    public bool AddChunk(long worker, long blob, long pin, int n, byte[] sha256, ReadOnlyMemory<byte> data)
    {
        if (isPinned.Bind(1, worker).Bind(2, blob).Bind(3, pin).Scalar() is null) return false;
        insertChunk.Bind(1, blob).Bind(2, n).BindBlob(3, sha256).BindBlob(4, data.Span).Run();
        // The pages of a stream are not read again soon; without this they would fill the page cache.
        if (n % ShrinkEvery == ShrinkEvery - 1) shrink.Run();
        return true;
    }

    /// <summary>
    /// One chunk of an upload, held against the one that is stored already under the hash of the whole, which is made anew where it was damaged.
    /// False where nothing is stored under it.
    /// </summary>
    public bool Mend(byte[] sha256, long blob, int n)
    {
        if (findBlob.BindBlob(1, sha256).Scalar() is not { } known) return false;
        mendChunk.Bind(1, known).Bind(2, blob).Bind(3, n).Run();
        return true;
    }

    /// <summary>
    /// Ends an upload: the blob gets its hash as its name, or gives way to the one that has the same bytes already. Null: collected meanwhile.
    /// </summary>
    public PinnedBlob? Finish(long worker, long blob, long pin, byte[] sha256, long size)
    {
        if (isPinned.Bind(1, worker).Bind(2, blob).Bind(3, pin).Scalar() is null) return null;
        if (findBlob.BindBlob(1, sha256).Scalar() is not { } known)
        {
            finishBlob.Bind(1, blob).BindBlob(2, sha256).Bind(3, size).Run();
            return new(blob, worker, pin, sha256);
        }
        long newPin = Pin(worker, known);
        Unpin(worker, blob, pin);
        return new(known, worker, newPin, sha256);
    }

    /// <summary>Attaches a staged artifact to its work item at a snapshot version.</summary>
    public void Attach(long work, int version, StagedArtifact artifact)
    {
        long? blob =
            artifact.Blob is { } pinnedBlob ? Redeem(pinnedBlob, artifact.Name)
            : artifact.Content is { } content ? Store(content, artifact.Sha256!)
            : null;
        insertArtifact
            .Bind(1, work)
            .Bind(2, artifact.Name)
            .Bind(3, version)
            .Bind(4, artifact.Kind.Name())
            .Bind(5, artifact.MediaType)
            .Bind(6, blob)
            .Bind(7, artifact.Uri);
        if (artifact.Metadata is null)
            insertArtifact.BindNull(8);
        else
            insertArtifact.BindText(8, artifact.Metadata);
        insertArtifact.Bind(9, connection.Now).Run();
    }

    public void Unpin(long worker, long blob, long pin)
    {
        unpin.Bind(1, worker).Bind(2, blob).Bind(3, pin).Run();
        Collect(blob);
    }

    /// <summary>Drops what a step has uploaded and does not attach.</summary>
    public void Unpin(Staged? staged)
    {
        foreach (StagedArtifact artifact in staged?.Artifacts ?? [])
            if (artifact.Blob is { } blob) Unpin(blob.Worker, blob.Blob, blob.Pin);
    }

    /// <summary>Drops every pin of a worker that has stopped or died.</summary>
    public void UnpinAll(long worker)
    {
        foreach ((long blob, long pin) in pinned.Bind(1, worker).All(static row => (row.Int64(0), row.Int64(1)))) Unpin(worker, blob, pin);
    }

    /// <summary>Deletes a blob that nothing refers to any more; about how many bytes that were.</summary>
    public long Collect(long blob)
    {
        if (inUse.Bind(1, blob).Scalar() != 0) return 0;
        int chunks = deleteChunks.Bind(1, blob).Run();
        deleteBlob.Bind(1, blob).Run();
        return (long)chunks * ChunkBytes;
    }

    private long Redeem(PinnedBlob pin, string name)
    {
        if (unpin.Bind(1, pin.Worker).Bind(2, pin.Blob).Bind(3, pin.Pin).Run() == 0)
            throw new ConflictException($"The content of artifact \"{name}\" was collected because its worker was declared dead; the step runs again.");
        return pin.Blob;
    }

    private long Store(ReadOnlyMemory<byte> content, byte[] sha256)
    {
        // Where it is stored already, each chunk is compared, and made anew where it was damaged.
        long blob = findBlob.BindBlob(1, sha256).Scalar() ?? insertBlob.BindBlob(1, sha256).Bind(2, content.Length).Bind(3, connection.Now).Scalar()!.Value;
        for (int n = 0, at = 0; at < content.Length; n++, at += ChunkBytes)
        {
            ReadOnlySpan<byte> chunk = content.Span.Slice(at, Math.Min(ChunkBytes, content.Length - at));
            storeChunk.Bind(1, blob).Bind(2, n).BindBlob(3, SHA256.HashData(chunk)).BindBlob(4, chunk).Run();
        }
        return blob;
    }

    private long Pin(long worker, long blob)
    {
        long pin = Counters.Token();
        pinBlob.Bind(1, worker).Bind(2, blob).Bind(3, pin).Run();
        return pin;
    }
}
