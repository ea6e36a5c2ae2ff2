using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Judges a type by its JSON metadata and by reflection: a state's when its engine is added, any other when something is first read as it. What
/// would not come back from the file is refused by the member's name. What depends on values is found by <see cref="StateTrial{TState}"/>.
/// </summary>
internal sealed class StateShape
{
    private const int MostTypes = 2000; // A type may name types without end.

    private readonly bool isState;
    private readonly HashSet<Type> seen = [];
    private readonly Queue<(JsonTypeInfo Type, string Path)> open = [];

    private StateShape(bool isState) => this.isState = isState;

    /// <summary>Judges the type and all that it leads to.</summary>
    /// <param name="root">How it is written and read.</param>
    /// <param name="isState">It is written and read by the same code, which asks an object for what it has put there.</param>
    /// <exception cref="LostException">Something of it would be lost.</exception>
    public static void Judge(JsonTypeInfo root, bool isState)
    {
        var shape = new StateShape(isState);
        shape.Add(root, TypeNames.Of(root.Type));
        while (shape.open.TryDequeue(out (JsonTypeInfo Type, string Path) next) && shape.seen.Count < MostTypes) shape.Judge(next.Type, next.Path);
    }

    private void Add(JsonTypeInfo type, string path)
    {
        if (seen.Add(type.Type)) open.Enqueue((type, path));
    }

    private void Add(Type type, JsonSerializerOptions options, string path)
    {
        if (type == typeof(object) || seen.Contains(type)) return;
        try
        {
            Add(options.GetTypeInfo(type), path);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new LostException(path, $"{TypeNames.A(type)} has no JSON metadata: {e.Message}");
        }
    }

    private void Judge(JsonTypeInfo type, string path)
    {
        if (Nullable.GetUnderlyingType(type.Type) is { } inner)
        {
            Add(inner, type.Options, path);
            return;
        }
        if (type.PolymorphismOptions is { } options)
            foreach (JsonDerivedType derived in options.DerivedTypes) Add(derived.DerivedType, type.Options, $"{path} ({TypeNames.Of(derived.DerivedType)})");
        switch (type.Kind)
        {
            case JsonTypeInfoKind.None: JudgeValue(type, path); break;
            case JsonTypeInfoKind.Object: JudgeObject(type, path); break;
            default: JudgeCollection(type, path); break;
        }
    }

    private void JudgeValue(JsonTypeInfo type, string path)
    {
        if (IsUnwritable(type))
            throw new LostException(path, type.Type is { IsArray: true } array && array.GetArrayRank() > 1
                ? $"an array of {array.GetArrayRank()} dimensions cannot be written as JSON. Use an array of arrays."
                : $"{TypeNames.A(type.Type)} cannot be written as JSON. Keep what it is made from, such as a name or a number, or mark the member " +
                    $"[JsonIgnore].");
        if (type.Converter is IElements elements) Add(elements.Element, type.Options, path + "[]");
        if (type.Type.IsEnum) EnumNames.Judge(type, path);
    }

    private void JudgeCollection(JsonTypeInfo type, string path)
    {
        string name = TypeNames.Of(type.Type), a = TypeNames.A(type.Type);
        if (StackConverter.IsStack(type.Type))
            throw new LostException(
                path,
                $"{a} would come back turned over. Use a Stack<T>, ConcurrentStack<T> or ImmutableStack<T> with the converters of RoostJson.Default (new " +
                $"JsonSerializerOptions(RoostJson.Default) has them), or a List<T>."
            );
        if (JsonMembers.IsOfItself(type))
            throw new LostException(
                path,
                $"{a} is a collection of nothing but itself, of which JSON would keep empty lists. Keep it as text, or as JsonNode or JsonElement."
            );
        if (type.Type.IsGenericType && type.Type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))
            throw new LostException(path, $"{a} is read once; what it gives cannot be kept. Collect it into a List<T>.");
        if (type.PolymorphismOptions is null)
        {
            try
            {
                JsonSerializer.Deserialize(type.Kind == JsonTypeInfoKind.Dictionary ? "{}" : "[]", type);
                if (type.KeyType is { } keys && !CanBeKeys(type))
                    throw new LostException(
                        path,
                        $"{TypeNames.A(keys)} cannot be a key in JSON, which has texts alone for keys. Use a text, a number, an enum, a Guid or a time as " +
                        $"the key, or a list of pairs."
                    );
            }
            catch (NotSupportedException e)
            {
                throw new LostException(
                    path,
                    $"{a} is written as JSON and cannot be read back: {FirstSentence(e)} Use a List<T>, a Dictionary<TKey, TValue>, or one of their " +
                    $"interfaces or immutable kin."
                );
            }
            catch (Exception e) when (e is not (OutOfMemoryException or LostException))
            {
                // The type's own code does not like to be empty: that depends on the value.
            }
        }
        if (!JsonMembers.IsForeign(type.Type))
            foreach (MemberInfo extra in OwnMembers(type.Type))
                throw new LostException(
                    $"{path}.{extra.Name}",
                    $"{name} is a collection, of which JSON keeps the elements alone: {extra.Name} would be lost. Make it an object that has the " +
                    $"collection as a member, or mark {extra.Name} [JsonIgnore]."
                );
        if (type.KeyType is { } key)
            Add(key, type.Options, path + ".Keys");
        if (type.ElementType is not { } element)
            return;
        if (element == typeof(object) && isState)
            JudgeUntyped(type.Options, path + "[]");
        Add(element, type.Options, path + "[]");
    }

    /// <summary>A key that JSON cannot have is told as it is read, and before its value is.</summary>
    private static bool CanBeKeys(JsonTypeInfo type)
    {
        try
        {
            JsonSerializer.Deserialize("""{"0":null}""", type);
        }
        catch (NotSupportedException)
        {
            return false;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // "0" is no such key, or null no such value.
        }
        return true;
    }

    /// <summary>What an object holds comes back as JSON, unless the user says otherwise by a converter.</summary>
    private static void JudgeUntyped(JsonSerializerOptions options, string path)
    {
        if (options.TryGetTypeInfo(typeof(object), out JsonTypeInfo? type) && !JsonMembers.IsOfUser(type.Converter))
            throw new LostException(
                path,
                "it is declared as object: what it holds comes back as a JsonElement, whatever it was. Declare it as what it is, as JsonElement, or as a " +
                "base with [JsonDerivedType(typeof(...), \"name\")] for each."
            );
    }

    /// <summary>What a collection's own type keeps beside its elements.</summary>
    private static IEnumerable<MemberInfo> OwnMembers(Type type) =>
        JsonMembers
            .Properties(type)
            .Where(property =>
                !JsonMembers.IsForeign(property.DeclaringType!)
                && property.GetMethod is { IsPublic: true }
                && (property.SetMethod is not null || JsonMembers.IsKept(property))
                && !JsonMembers.IsIgnored(property)
            )
            .Concat<MemberInfo>(
                JsonMembers.Fields(type).Where(field => !JsonMembers.IsForeign(field.DeclaringType!) && field.IsPublic && !JsonMembers.IsIgnored(field))
            );

    private void JudgeObject(JsonTypeInfo type, string path)
    {
        string name = TypeNames.Of(type.Type), a = TypeNames.A(type.Type);
        if (isState && typeof(Exception).IsAssignableFrom(type.Type))
            throw new LostException(
                path,
                $"{a} does not come back as what was thrown: its type, stack and inner exceptions are lost. Keep its message and what you need to know of " +
                $"it as text."
            );
        if (!CanBeMade(type))
        {
            if (type.PolymorphismOptions is { DerivedTypes.Count: > 0 }) return;
            throw new LostException(path, JsonMembers.IsForeign(type.Type)
                ? $"{a} can be written as JSON and not made of it again. Keep what it is made from, such as a text or a number, or give the options a " +
                    $"converter for it."
                : type.Type.IsInterface || type.Type.IsAbstract
                ? $"{name} is {(type.Type.IsInterface ? "an interface" : "abstract")}, and its JSON does not say which type to make of it. Put " +
                    $"[JsonDerivedType(typeof(...), \"name\")] on it for each, or declare the type itself."
                : $"{a} can be written as JSON and not made again: it has several constructors, or none that is public. Put [JsonConstructor] on one " +
                    $"whose parameters are named like its members, or keep something simpler of it.");
        }
        if (UnboundParameter(type) is { } parameter)
            throw new LostException(
                path,
                $"the constructor that is used to read {a} takes {parameter.Name}, and no member is called so or has its type " +
                $"({TypeNames.Of(parameter.ParameterType)}), so that it cannot be made again. Add such a member, or put [JsonConstructor] on another " +
                $"constructor."
            );
        JsonPropertyInfo[] kept = [.. type.Properties.Where(member => JudgeMember(type, member, path))];
        if (JsonMembers.IsOfFramework(type.Type))
        {
            if (JsonMembers.LosesField(type.Type, kept) || (kept.Length == 0 && type.Type != typeof(ValueTuple)))
                throw new LostException(
                    path,
                    $"{a} is no data to JSON: not all of it is written and read back. Keep what it is made from in members of your own, or give the " +
                    $"options a converter for it."
                );
            return;
        }
        if (!JsonMembers.IsForeign(type.Type)) JudgeRest(type, path);
        if (kept.Length == 0 && JsonMembers.HasData(type.Type) && type.PolymorphismOptions is not { DerivedTypes.Count: > 0 })
        {
            string generated = type.OriginatingResolver is JsonSerializerContext context
                ? $"; {context.GetType().Name} must be generated with its metadata (GenerationMode Default)"
                : "";
            throw new LostException(
                path,
                $"{name} has no member that is both written and read back, so it would be stored as {{}} or come back empty. Give it public properties " +
                $"with get and set (or init), or a record's parameters{generated}."
            );
        }
    }

    private static ParameterInfo? UnboundParameter(JsonTypeInfo type) =>
        JsonMembers.IsForeign(type.Type) || type.CreateObject is not null
            ? null
            : (type.ConstructorAttributeProvider as ConstructorInfo)
                ?.GetParameters()
                .FirstOrDefault(parameter =>
                    !type.Properties.Any(member => member.AssociatedParameter?.Position == parameter.Position)
                    && !type.Properties.Any(member =>
                        string.Equals((member.AttributeProvider as MemberInfo)?.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
                    )
                );

    private static bool CanBeMade(JsonTypeInfo type) =>
        type.CreateObject is not null || type.ConstructorAttributeProvider is not null || type.Properties.Any(member => member.AssociatedParameter is not null);

    /// <summary>True for a member that is both written and read back; one that is kept and would be lost is refused.</summary>
    private bool JudgeMember(JsonTypeInfo type, JsonPropertyInfo member, string path)
    {
        if (member.Get is null) return false; // Ignored, or never given to anybody.
        var clr = member.AttributeProvider as MemberInfo;
        string here = $"{path}.{clr?.Name ?? member.Name}";
        if (JsonMembers.ComesBack(member, type.Options))
        {
            if (member.CustomConverter is not null || member.IsExtensionData) return true;
            if (member.PropertyType == typeof(object) && isState && !JsonMembers.IsForeign(type.Type)) JudgeUntyped(type.Options, here);
            Add(member.PropertyType, type.Options, here);
            return true;
        }
        if (JsonMembers.IsForeign(type.Type) || clr is null) return false;
        if (clr is PropertyInfo { SetMethod.IsPublic: false } property)
            throw new LostException(
                here,
                $"its setter is {Access(property.SetMethod!)}, so it is written and comes back as its default. Make the setter public or init, put " +
                $"[JsonInclude] on it{ForGenerated(type)}, take it as a constructor's parameter, or mark it [JsonIgnore]."
            );
        if (member.AssociatedParameter is null && IsTakenAsAnother(type, member, clr) is { } taken)
            throw new LostException(
                here,
                $"the constructor that is used to read it takes {TypeNames.A(taken)} of its name where the member is {TypeNames.A(member.PropertyType)}, " +
                $"so it is written and comes back as its initial value. Give both the same type, or mark the member [JsonIgnore]."
            );
        bool keeps = clr is FieldInfo || (clr is PropertyInfo get && JsonMembers.IsKept(get));
        if (keeps && (JsonMembers.IsChangeable(member.PropertyType) || IsParameterOfAnother(type, clr)))
            throw new LostException(
                here,
                $"it has no setter and is no parameter of the constructor that is used to read it, so it is written and comes back as its initial value. " +
                $"Give it a setter (or init), name a constructor's parameter after it (with [JsonConstructor] where there are several), or mark it " +
                $"[JsonIgnore]; [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)] fills a collection that is there."
            );
        if (isState)
            JudgeWritten(member, here);
        return false;
    }

    /// <summary>What is computed is written too, and a kind that cannot be would end every state.</summary>
    private static void JudgeWritten(JsonPropertyInfo member, string path)
    {
        if (member.CustomConverter is null && member.Options.TryGetTypeInfo(member.PropertyType, out JsonTypeInfo? type) && IsUnwritable(type))
            throw new LostException(
                path,
                $"it is computed and would be written too, but {TypeNames.A(type.Type)} cannot be. Mark it [JsonIgnore], or make it a method."
            );
    }

    private static bool IsUnwritable(JsonTypeInfo type) => type.Converter.GetType() is { IsGenericType: true, Name: "UnsupportedTypeConverter`1" };

    /// <summary>The type by which the constructor that is used takes what has the member's name.</summary>
    private static Type? IsTakenAsAnother(JsonTypeInfo type, JsonPropertyInfo member, MemberInfo clr) =>
        (type.ConstructorAttributeProvider as ConstructorInfo)
            ?.GetParameters()
            .FirstOrDefault(parameter =>
                string.Equals(parameter.Name, clr.Name, StringComparison.OrdinalIgnoreCase) && parameter.ParameterType != member.PropertyType
            )
            ?.ParameterType;

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = JsonMembers.Kept)]
    private static bool IsParameterOfAnother(JsonTypeInfo type, MemberInfo member) =>
        type.Type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Any(constructor => constructor.GetParameters().Any(parameter => string.Equals(parameter.Name, member.Name, StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// Members that the JSON metadata does not have at all: fields where the options leave them out, and properties that only the assembly sees.
    /// </summary>
    private static void JudgeRest(JsonTypeInfo type, string path)
    {
        HashSet<string> named = [.. type.Properties.Select(member => member.AttributeProvider).OfType<MemberInfo>().Select(member => member.Name)];
        foreach (FieldInfo field in JsonMembers.Fields(type.Type))
            if (field.IsPublic && !named.Contains(field.Name) && !JsonMembers.IsIgnored(field) && !JsonMembers.IsForeign(field.DeclaringType!))
                throw new LostException(
                    $"{path}.{field.Name}",
                    $"it is a field, and the JSON settings leave fields out. Set IncludeFields = true in " +
                    $"them{ForGenerated(type, "[JsonSourceGenerationOptions(IncludeFields = true)]")}, put [JsonInclude] on it, make it a property, or " +
                    $"mark it [JsonIgnore]."
                );
        foreach (PropertyInfo property in JsonMembers.Properties(type.Type))
            if (
                property is { GetMethod: { IsAssembly: true } or { IsFamilyOrAssembly: true } }
                && (property.SetMethod is not null || JsonMembers.IsChangeable(property.PropertyType))
                && JsonMembers.IsKept(property)
                && !named.Contains(property.Name)
                && !JsonMembers.IsIgnored(property)
                && !JsonMembers.IsForeign(property.DeclaringType!)
            )
                throw new LostException(
                    $"{path}.{property.Name}",
                    $"it is internal, and JSON keeps public members alone. Make it public, put [JsonInclude] on it, or mark it [JsonIgnore]."
                );
    }

    private static string ForGenerated(JsonTypeInfo type, string? how = null) =>
        how is null || type.OriginatingResolver is not JsonSerializerContext ? "" : $" (or {how} on {type.OriginatingResolver.GetType().Name})";

    private static string Access(MethodInfo method) => method switch
    {
        { IsPrivate: true } => "private",
        { IsAssembly: true } => "internal",
        { IsFamily: true } => "protected",
        _ => "not public",
    };

    private static string FirstSentence(Exception e) =>
        e.Message.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? e.Message[..(end + 1)] : e.Message;
}
