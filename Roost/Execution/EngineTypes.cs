using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Roost.Execution;

/// <summary>The engines of an assembly: those that can be added by their type, and why the others cannot.</summary>
internal static class EngineTypes
{
    [RequiresUnreferencedCode(Reflective.Assembly)]
    public static (IReadOnlyList<Type> Types, IReadOnlyList<string> Skipped) Of(Assembly assembly)
    {
        var types = new List<Type>();
        var skipped = new List<string>();
        foreach (Type type in Loadable(assembly, skipped).Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IEngine).IsAssignableFrom(type)))
        {
            if (type.ContainsGenericParameters) skipped.Add($"{type.FullName} is generic; add it with its arguments by AddEngine");
            else if (!type.IsVisible) skipped.Add($"{type.FullName} is not public; make it public, or add it by AddEngine");
            else types.Add(type);
        }
        return (types, skipped);
    }

    [RequiresUnreferencedCode(Reflective.Assembly)]
    public static IEngine Make(Type type)
    {
        if (type.GetConstructor(Type.EmptyTypes) is null)
            throw new InvalidInputException(
                "assembly",
                $"engine {type.FullName} has no public constructor without parameters; give AddEngines a function that makes it."
            );
        return (IEngine)Activator.CreateInstance(type)!;
    }

    /// <summary>An assembly that refers to one which is not there has types all the same.</summary>
    [RequiresUnreferencedCode(Reflective.Assembly)]
    private static IEnumerable<Type> Loadable(Assembly assembly, List<string> skipped)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            skipped.AddRange(e.LoaderExceptions.OfType<Exception>().Select(each => each.Message).Distinct());
            return e.Types.OfType<Type>();
        }
    }
}
