namespace Roost.Commands.Loading;

/// <summary>The engines that this program brings along.</summary>
internal static class BuiltIn
{
    /// <summary>Their ids, without a data file; none where the host's code cannot make them, for it is only a worker that needs them.</summary>
    public static IReadOnlyList<string> OrNone(Action<RoostRuntime> addEngines, Action<Exception>? failed = null)
    {
        try
        {
            return RoostRuntime.EngineIdsOf(addEngines);
        }
        catch (Exception e)
        {
            failed?.Invoke(e);
            return [];
        }
    }
}
