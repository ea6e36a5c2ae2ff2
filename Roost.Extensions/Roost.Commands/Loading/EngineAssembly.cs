using System.Reflection;
using System.Runtime.Loader;

namespace Roost.Commands.Loading;

/// <summary>Loads a user's assembly with what lies beside it. Roost itself is the one that runs here, or its engines would be none.</summary>
internal sealed class EngineAssembly : AssemblyLoadContext
{
    /// <summary>What a user's engines are made of.</summary>
    private static readonly string? Shared = typeof(RoostRuntime).Assembly.GetName().Name;

    private readonly AssemblyDependencyResolver beside;

    private EngineAssembly(string path) : base(Path.GetFileNameWithoutExtension(path)) => beside = new(path);

    public static Assembly Load(string path) => new EngineAssembly(path).LoadFromAssemblyPath(path);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // What this program has already is shared with it: types that cross the border must be the same on both sides.
        if (Default.Assemblies.Any(known => known.GetName().Name == assemblyName.Name) || assemblyName.Name == Shared) return null;
        return beside.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
    }
}
