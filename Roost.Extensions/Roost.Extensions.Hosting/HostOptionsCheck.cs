using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>Looks at the options of one runtime when the host starts, and says by its key what is wrong. Opens and writes nothing.</summary>
internal sealed class HostOptionsCheck(RuntimeRegistration registration, IHostEnvironment? environment) : IValidateOptions<RoostHostOptions>
{
    private static readonly string[] Settings = [.. typeof(RoostHostOptions).GetProperties().Select(setting => setting.Name)];
    private static readonly string[] OfWorkspaces = [.. typeof(RoostHostWorkspaces).GetProperties().Select(setting => setting.Name)];

    public ValidateOptionsResult Validate(string? name, RoostHostOptions options)
    {
        if (name != registration.Name) return ValidateOptionsResult.Skip;
        string[] wrong = [.. Unknown().Concat(Wrong(options))];
        return wrong.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    /// <summary>
    /// Keys of the configuration that are no settings, for they are misspelled. One with a section below it may be anything: another runtime's settings, say.
    /// </summary>
    private IEnumerable<string> Unknown() => registration.Sections.SelectMany(section =>
        Unknown(section, Settings).Concat(Unknown(section.GetSection(nameof(RoostHostOptions.Workspaces)), OfWorkspaces)));

    private static IEnumerable<string> Unknown(IConfigurationSection section, string[] known) =>
        from key in section.GetChildren()
        where key.Value is not null && !known.Contains(key.Key, StringComparer.OrdinalIgnoreCase)
        select $"{key.Path}: there is no such setting; the settings are {string.Join(", ", known)}.";

    private IEnumerable<string> Wrong(RoostHostOptions options)
    {
        string? wrong = Told(() => RoostRuntime.Check(options.ToRuntime()));
        if (wrong is not null) return [wrong];
        var places = new Places(environment);
        string? file = options.TriggerFile is { } triggers ? Told(() => TriggerFile.Load(places.Of(triggers)), nameof(options.TriggerFile)) : null;
        return new[] { Place(options, places), file }.OfType<string>();
    }

    private string? Place(RoostHostOptions options, Places places)
    {
        (string setting, string path) = options.Root is { } root ? (nameof(options.Root), root) : (nameof(options.Path), options.Path!);
        string full = places.Of(path), folder = options.Root is null ? Path.GetDirectoryName(full) ?? full : full;
        if (Directory.Exists(folder)) return null;
        return $"{registration.Key(setting)}: there is no folder {folder} for \"{path}\"; create it, or name another. Roost creates the file alone.";
    }

    private string? Told(Action check, string? setting = null)
    {
        try
        {
            check();
            return null;
        }
        catch (InvalidInputException e)
        {
            return setting is null ? registration.Told(e) : $"{registration.Key(setting)}: {e.Message}";
        }
        catch (FileRefusedException e)
        {
            return $"{registration.Key(nameof(RoostHostOptions.Path))}: {e.Message}";
        }
    }
}
