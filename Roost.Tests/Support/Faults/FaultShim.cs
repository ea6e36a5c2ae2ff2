namespace Roost.Tests.Support;

/// <summary>The library of Native/faults.c, compiled once for a fixture.</summary>
internal static class FaultShim
{
    /// <summary>Compiles it into a folder; skips the test where that cannot be done.</summary>
    public static Task<string> CompileAsync(string folder) => NativeShim.CompileAsync(folder, "faults");

    public static Dictionary<string, string> Environment(string library) => new() { ["LD_PRELOAD"] = library };
}
