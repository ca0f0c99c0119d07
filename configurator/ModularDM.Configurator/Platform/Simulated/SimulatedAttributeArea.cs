using System.Globalization;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>
/// Attributes as files below the state folder: a path of the policy that lies there is used as it is, any other one is put below <c>attributes/</c>.
/// A file is created with a start value that suits its name.
/// </summary>
internal sealed class SimulatedAttributeArea(string folder, SimulatedFaults faults) : IAttributeArea
{
    private const int RpmPerPwmStep = 12;
    private readonly Lock _gate = new();

    public string Read(string path, OperationContext context)
    {
        faults.Apply("attributes", context);
        lock (_gate)
        {
            return File.ReadAllText(Prepare(path));
        }
    }

    public void Write(string path, string value, OperationContext context)
    {
        faults.Apply("attributes", context);
        lock (_gate)
        {
            string file = Prepare(path);
            context.Step("write attribute", () => File.WriteAllText(file, value + "\n"));
            TurnFan(file, value);
        }
    }

    private string Prepare(string path)
    {
        string file = SimulatedPath.Of(folder, "attributes", path);
        if (!File.Exists(file))
        {
            if (Directory.Exists(file))
            {
                throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.NotFound, "The attribute's path is a folder."));
            }

            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, StartValue(Path.GetFileName(file)) + "\n");
        }

        return file;
    }

    // hwmon: pwmN drives the fan whose speed fanN_input shows, in revolutions per minute.
    private static void TurnFan(string file, string value)
    {
        string name = Path.GetFileName(file);
        if (name.StartsWith("pwm", StringComparison.Ordinal) && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int pwm))
        {
            string fan = Path.Combine(Path.GetDirectoryName(file)!, $"fan{name["pwm".Length..]}_input");
            File.WriteAllText(fan, (pwm * RpmPerPwmStep).ToString(CultureInfo.InvariantCulture) + "\n");
        }
    }

    private static string StartValue(string name) => name switch
    {
        _ when name.StartsWith("pwm", StringComparison.Ordinal) => "128",
        _ when name.StartsWith("fan", StringComparison.Ordinal) => "1536",
        _ when name.StartsWith("temp", StringComparison.Ordinal) => "41500",
        _ => "0",
    };
}
