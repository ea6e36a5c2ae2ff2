
namespace Roost.Commands.Output;

/// <summary>Saves an artifact under a name that came from an engine, and never anywhere but in the given folder.</summary>
internal static class ArtifactFile
{
    public static async Task<string> SaveAsync(Stream content, string folder, string name, bool replace, CancellationToken stop)
    {
        string path = Path.Join(folder, ArtifactFileName.Of(name)), made = PartialFiles.NameFor(path);
        try
        {
            await using (var file = new FileStream(made, FileMode.CreateNew, FileAccess.Write)) await content.CopyToAsync(file, stop);
            // Moved when it is complete and verified; a link of that name is replaced, not followed.
            File.Move(made, path, replace);
            PartialFiles.Sweep(path);
        }
        catch (IOException) when (File.Exists(path) && !replace)
        {
            throw new ConflictException($"{path} is there already; give --force to replace it, or another folder by --to.");
        }
        finally
        {
            File.Delete(made);
        }
        return path;
    }
}
