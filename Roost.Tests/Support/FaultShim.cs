namespace Roost.Tests.Support;

/// <summary>The library of Native/faults.c, compiled once for a fixture.</summary>
internal static class FaultShim
{
    /// <summary>Compiles it into a folder; skips the test where that cannot be done.</summary>
    public static Task<string> CompileAsync(string folder) => NativeShim.CompileAsync(folder, "faults");

    public static Dictionary<string, string> Environment(string library, string call, int at, string error, int count = 1, string? armed = null)
    {
        var variables = new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library,
            ["FAULT_CALL"] = call,
            ["FAULT_AT"] = $"{at}",
            ["FAULT_COUNT"] = $"{count}",
            ["FAULT_ERRNO"] = error,
        };
        if (armed is not null) variables["FAULT_ARMED"] = armed;
        return variables;
    }
}
