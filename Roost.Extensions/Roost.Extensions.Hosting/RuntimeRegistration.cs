using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>What the host's program has said of one runtime, before there is a container.</summary>
internal sealed class RuntimeRegistration(string name)
{
    public string Name { get; } = name;

    public bool IsDefault => Name == Options.DefaultName;

    /// <summary>What it is called in a sentence.</summary>
    public string Words => IsDefault ? "the Roost runtime" : $"the Roost runtime \"{Name}\"";

    /// <summary>The configurations that its options are bound from.</summary>
    public List<IConfigurationSection> Sections { get; } = [];

    public List<EngineSource> Engines { get; } = [];

    /// <summary>What was found in assemblies and cannot be added, and why; by the engine's class.</summary>
    public Dictionary<Type, string> Skipped { get; } = [];

    /// <summary>What the options are altered by before the runtime is opened.</summary>
    public List<Func<RoostOptions, IServiceProvider, RoostOptions>> Alterations { get; } = [];

    public static RuntimeRegistration? Find(IServiceCollection services, string name) => services
        .Where(service => service.ServiceType == typeof(RuntimeRegistration) && name.Equals(service.ServiceKey))
        .Select(service => (RuntimeRegistration?)service.KeyedImplementationInstance)
        .FirstOrDefault();

    public RoostRuntime Resolve(IServiceProvider services) =>
        IsDefault ? services.GetRequiredService<RoostRuntime>() : services.GetRequiredKeyedService<RoostRuntime>(Name);

    /// <summary>A setting as whoever wrote it finds it: by its key where there is a configuration, else by its member.</summary>
    public string Key(string setting) =>
        Sections.LastOrDefault() is { } section ? $"{section.Path}:{setting.Replace('.', ':')}"
        : IsDefault ? $"RoostHostOptions.{setting}"
        : $"RoostHostOptions.{setting} of \"{Name}\"";

    /// <summary>What is wrong with a setting, told by its key.</summary>
    public string Told(InvalidInputException wrong) =>
        wrong.Message.StartsWith($"{wrong.Field}: ", StringComparison.Ordinal) ? Key(wrong.Field) + wrong.Message[wrong.Field.Length..] : wrong.Message;
}
