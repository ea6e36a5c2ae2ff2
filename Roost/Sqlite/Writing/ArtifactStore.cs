using System.Security.Cryptography;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>Streams artifacts into and out of the file, one chunk in memory at a time.</summary>
internal sealed class ArtifactStore(Writer writer)
{
    /// <summary>Streams content in; it stays pinned by the worker until a step's commit attaches it.</summary>
    public async Task<PinnedBlob> UploadAsync(long worker, Stream content, CancellationToken cancellationToken)
    {
        (long Blob, long Pin)? begun = await writer.RunAsync(session => session.Blobs.Begin(worker)).ConfigureAwait(false);
        Kept(begun is not null);
        (long blob, long pin) = begun!.Value;
        try
        {
            using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[BlobTable.ChunkBytes];
            long size = 0;
            int chunks = 0;
            for (int n = 0; ; n++)
            {
                int read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                if (read == 0) break;
                ReadOnlyMemory<byte> chunk = buffer.AsMemory(0, read);
                whole.AppendData(chunk.Span);
                byte[] hash = SHA256.HashData(chunk.Span);
                int index = n;
                Kept(await writer.RunAsync(session => session.Blobs.AddChunk(worker, blob, pin, index, hash, chunk), read).ConfigureAwait(false));
                size += read;
                chunks++;
            }
            byte[] sha256 = whole.GetHashAndReset();
            for (int n = 0; n < chunks; n++)
            {
                int index = n;
                if (!await writer.RunAsync(session => session.Blobs.Mend(sha256, blob, index)).ConfigureAwait(false)) break;
            }
            PinnedBlob? pinned = await writer.RunAsync(session => session.Blobs.Finish(worker, blob, pin, sha256, size)).ConfigureAwait(false);
            Kept(pinned is not null);
            return pinned!;
        }
        catch
        {
            await DropAsync(worker, blob, pin).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Gives up an upload whose step does not want it.</summary>
    public Task DropAsync(PinnedBlob blob) => DropAsync(blob.Worker, blob.Blob, blob.Pin);

    private async Task DropAsync(long worker, long blob, long pin)
    {
        try
        {
            await writer.RunAsync(session =>
            {
                session.Blobs.Unpin(worker, blob, pin);
                return true;
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ObjectDisposedException or RoostException)
        {
            // What ended the upload is told to the caller; the pin goes with its worker.
        }
    }

    private static void Kept(bool kept)
    {
        if (!kept) throw new ConflictException("The upload was collected because its worker was declared dead; the step runs again.");
    }
}
