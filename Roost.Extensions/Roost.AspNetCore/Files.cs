
namespace Roost.AspNetCore;

/// <summary>The sizes of the data file and its log, in bytes; 0 where there is none.</summary>
internal static class Files
{
    public static long Database(RoostRuntime roost) => SizeOf(roost.Path);

    public static long Wal(RoostRuntime roost) => SizeOf(roost.Path + "-wal");

    private static long SizeOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }
}
