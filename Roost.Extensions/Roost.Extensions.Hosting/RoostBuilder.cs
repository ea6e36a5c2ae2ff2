using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Roost.Extensions.Hosting;

/// <summary>
/// Adds engines to a runtime of the host. Each of them is made when the host starts, in a scope that is disposed again, to learn its id: one whose services are
/// missing, or two of one id, stop the start before the file is opened.
/// </summary>
public sealed class RoostBuilder
{
    private readonly RuntimeRegistration registration;

    internal RoostBuilder(IServiceCollection services, RuntimeRegistration registration) => (Services, this.registration) = (services, registration);

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The name of the runtime, by which it is resolved as a keyed service; empty for the one that is resolved without a key.</summary>
    public string Name => registration.Name;

    /// <summary>
    /// Adds an engine from the container. Each step gets an instance of its own, made in a scope of its own, and both are disposed with the step, also where it
    /// has failed; a step that was abandoned keeps them until its code has really returned. An engine that is registered already stays as it is registered;
    /// adding it again changes nothing.
    /// </summary>
    /// <typeparam name="TEngine">The engine.</typeparam>
    /// <param name="lifetime">
    /// Default <see cref="ServiceLifetime.Scoped"/>. <see cref="ServiceLifetime.Singleton"/>: one instance steps all items, many at once, without scopes.
    /// </param>
    public RoostBuilder AddEngine<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TEngine>(
        ServiceLifetime lifetime = ServiceLifetime.Scoped) where TEngine : class, IEngine
    {
        Services.TryAdd(new ServiceDescriptor(typeof(TEngine), typeof(TEngine), lifetime));
        return Add(lifetime == ServiceLifetime.Singleton ? new SharedEngine(typeof(TEngine)) : new ScopedEngine(typeof(TEngine), null));
    }

    /// <summary>Adds an engine that is made by a factory for each step, in a scope of its own that disposes it with the step.</summary>
    /// <typeparam name="TEngine">The engine.</typeparam>
    /// <param name="factory">Makes it from the services of the step's scope.</param>
    public RoostBuilder AddEngine<TEngine>(Func<IServiceProvider, TEngine> factory) where TEngine : class, IEngine
    {
        ArgumentNullException.ThrowIfNull(factory);
        object key = new(); // Its own registration: another runtime, or the program itself, may make the same engine in another way.
        Services.AddKeyedScoped(key, (services, _) => factory(services));
        return Add(new ScopedEngine(typeof(TEngine), key));
    }

    /// <summary>Adds one instance that steps all its items, many at once. The host disposes it.</summary>
    /// <param name="engine">The engine.</param>
    public RoostBuilder AddEngine(IEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        registration.Engines.Add(new GivenEngine(engine));
        return this;
    }

    /// <summary>
    /// Adds every public engine of an assembly as <see cref="AddEngine{TEngine}(ServiceLifetime)"/> does, with a scope for each step. Engines that are not
    /// public, or generic, are skipped and named in the log as a warning when the host starts, unless they are added by themselves.
    /// </summary>
    /// <param name="assembly">The assembly to look through.</param>
    /// <exception cref="InvalidInputException">There is no engine in the assembly that could be added.</exception>
    [RequiresUnreferencedCode("Trimming removes engines that nothing names. Add each by AddEngine.")]
    public RoostBuilder AddEnginesFrom(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        Type[] engines = [.. Loadable(assembly).Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IEngine).IsAssignableFrom(type))];
        Type[] added = [.. engines.Where(type => type is { IsVisible: true, ContainsGenericParameters: false })];
        if (added.Length == 0)
            throw new InvalidInputException(
                "assembly", $"{assembly.GetName().Name} has no public class that implements IEngine; make its engines public, or add each by AddEngine.");
        foreach (Type type in engines.Except(added))
            registration.Skipped[type] = $"{type.FullName} is {(type.ContainsGenericParameters ? "generic" : "not public")}";
        foreach (Type type in added)
        {
            Services.TryAddScoped(type);
            Add(new ScopedEngine(type, null));
        }
        return this;
    }

    /// <summary>
    /// Alters the options that the runtime is opened with: those that no configuration can hold, such as <see cref="RoostOptions.Json"/> or <see
    /// cref="RoostOptions.Triggers"/>. Called once, when the host starts, after what was bound and set.
    /// </summary>
    /// <param name="alter"><c>options => options with { Json = ... }</c>.</param>
    public RoostBuilder ConfigureRuntime(Func<RoostOptions, RoostOptions> alter)
    {
        ArgumentNullException.ThrowIfNull(alter);
        return ConfigureRuntime((options, _) => alter(options));
    }

    /// <summary>The same with the services of the container.</summary>
    /// <inheritdoc cref="ConfigureRuntime(Func{RoostOptions, RoostOptions})"/>
    public RoostBuilder ConfigureRuntime(Func<RoostOptions, IServiceProvider, RoostOptions> alter)
    {
        ArgumentNullException.ThrowIfNull(alter);
        registration.Alterations.Add(alter);
        return this;
    }

    private RoostBuilder Add(EngineSource source)
    {
        if (source is ScopedEngine { Key: not null } || registration.Engines.All(known => known.Type != source.Type || known is GivenEngine))
            registration.Engines.Add(source);
        return this;
    }

    /// <summary>An assembly that refers to one which is not there has types all the same.</summary>
    [RequiresUnreferencedCode("Trimming removes engines that nothing names. Add each by AddEngine.")]
    private static IEnumerable<Type> Loadable(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }
}
