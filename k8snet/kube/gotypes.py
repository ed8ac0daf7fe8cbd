"""Which Go type a field has, where the official Python types do not tell: errors of the API server name it.

The published API calls both ``int32`` and ``int64`` an integer, a ``v1.Protocol`` a string, and any map an object. A field
that is not in the table is an ``int32``, a ``string`` or a ``map[string]string``. A test holds the table's names against the
types. Source: k8s.io/api (core/v1, apps/v1, discovery/v1, coordination/v1) and k8s.io/apimachinery (meta/v1), types.go.
"""

from __future__ import annotations

_TABLE = """
int64: ClusterTrustBundleProjection.user Condition.observedGeneration ConfigMapVolumeSource.defaultUser
int64: ContainerImage.sizeBytes DaemonSetStatus.observedGeneration DeploymentStatus.observedGeneration
int64: DownwardAPIVolumeFile.user DownwardAPIVolumeSource.defaultUser KeyToPath.user LinuxContainerUser.gid
int64: LinuxContainerUser.supplementalGroups LinuxContainerUser.uid NodeSwapStatus.capacity
int64: ObjectMeta.deletionGracePeriodSeconds ObjectMeta.generation PodCertificateProjection.user
int64: PodCondition.observedGeneration PodSecurityContext.fsGroup PodSecurityContext.runAsGroup PodSecurityContext.runAsUser
int64: PodSecurityContext.supplementalGroups PodSpec.activeDeadlineSeconds PodSpec.terminationGracePeriodSeconds
int64: PodStatus.observedGeneration Probe.terminationGracePeriodSeconds ProjectedVolumeSource.defaultUser
int64: ReplicaSetStatus.observedGeneration SecretVolumeSource.defaultUser SecurityContext.runAsGroup SecurityContext.runAsUser
int64: ServiceAccountTokenProjection.expirationSeconds ServiceAccountTokenProjection.user SleepAction.seconds
int64: Toleration.tolerationSeconds
map[string][]uint8: ConfigMap.binaryData Secret.data
resource.Quantity: EmptyDirVolumeSource.sizeLimit NodeAllocatableMappedResources.quantity
resource.Quantity: NodeAllocatableOverheadResources.perContainer NodeAllocatableOverheadResources.perPod
resource.Quantity: ResourceFieldSelector.divisor
types.UID: ConfigMapNodeConfigSource.uid ObjectMeta.uid ObjectReference.uid OwnerReference.uid
v1.AddressType: EndpointSlice.addressType
v1.AppArmorProfileType: AppArmorProfile.type
v1.AzureDataDiskCachingMode: AzureDiskVolumeSource.cachingMode
v1.AzureDataDiskKind: AzureDiskVolumeSource.kind
v1.Capability: Capabilities.add Capabilities.drop
v1.ConditionStatus: Condition.status DaemonSetCondition.status DeploymentCondition.status NamespaceCondition.status
v1.ConditionStatus: NodeCondition.status PodCondition.status ReplicaSetCondition.status
v1.ContainerRestartPolicy: Container.restartPolicy EphemeralContainer.restartPolicy
v1.ContainerRestartRuleAction: ContainerRestartRule.action
v1.ContainerRestartRuleOnExitCodesOperator: ContainerRestartRuleOnExitCodes.operator
v1.CoordinatedLeaseStrategy: LeaseSpec.strategy
v1.DNSPolicy: PodSpec.dnsPolicy
v1.DaemonSetConditionType: DaemonSetCondition.type
v1.DaemonSetUpdateStrategyType: DaemonSetUpdateStrategy.type
v1.DeploymentConditionType: DeploymentCondition.type
v1.DeploymentStrategyType: DeploymentStrategy.type
v1.FinalizerName: NamespaceSpec.finalizers
v1.GRPCProbeMode: GRPCAction.mode
v1.HTTPProtocol: HTTPGetAction.protocol
v1.HostPathType: HostPathVolumeSource.type
v1.IPFamily: ServiceSpec.ipFamilies
v1.IPFamilyPolicy: ServiceSpec.ipFamilyPolicy
v1.LabelSelectorOperator: LabelSelectorRequirement.operator
v1.LoadBalancerIPMode: LoadBalancerIngress.ipMode
v1.ManagedFieldsOperationType: ManagedFieldsEntry.operation
v1.MicroTime: Event.eventTime EventSeries.lastObservedTime LeaseSpec.acquireTime LeaseSpec.renewTime
v1.MountPropagationMode: VolumeMount.mountPropagation
v1.NamespaceConditionType: NamespaceCondition.type
v1.NamespacePhase: NamespaceStatus.phase
v1.NodeAddressType: NodeAddress.type
v1.NodeConditionType: NodeCondition.type
v1.NodeInclusionPolicy: TopologySpreadConstraint.nodeAffinityPolicy TopologySpreadConstraint.nodeTaintsPolicy
v1.NodePhase: NodeStatus.phase
v1.NodeSelectorOperator: NodeSelectorRequirement.operator
v1.OSName: PodOS.name
v1.PersistentVolumeAccessMode: PersistentVolumeClaimSpec.accessModes
v1.PersistentVolumeMode: PersistentVolumeClaimSpec.volumeMode
v1.PodConditionType: PodCondition.type PodReadinessGate.conditionType
v1.PodFSGroupChangePolicy: PodSecurityContext.fsGroupChangePolicy
v1.PodPhase: PodStatus.phase
v1.PodQOSClass: PodStatus.qosClass
v1.PodResizeStatus: PodStatus.resize
v1.PodSELinuxChangePolicy: PodSecurityContext.seLinuxChangePolicy
v1.PreemptionPolicy: PodSpec.preemptionPolicy
v1.ProcMountType: SecurityContext.procMount
v1.Protocol: ContainerPort.protocol EndpointPort.protocol PortStatus.protocol ServicePort.protocol
v1.PullPolicy: Container.imagePullPolicy EphemeralContainer.imagePullPolicy ImageVolumeSource.pullPolicy
v1.RecursiveReadOnlyMode: VolumeMount.recursiveReadOnly VolumeMountStatus.recursiveReadOnly
v1.ReplicaSetConditionType: ReplicaSetCondition.type
v1.ResourceHealthStatus: ResourceHealth.health
v1.ResourceID: ResourceHealth.resourceID
v1.ResourceList: ContainerStatus.allocatedResources NodeStatus.allocatable NodeStatus.capacity PodSpec.overhead
v1.ResourceList: PodStatus.allocatedResources ResourceRequirements.limits ResourceRequirements.requests
v1.ResourceList: VolumeResourceRequirements.limits VolumeResourceRequirements.requests
v1.ResourceName: ContainerResizePolicy.resourceName NodeAllocatableMappedResources.name NodeAllocatableOverheadResources.name
v1.ResourceName: ResourceStatus.name
v1.ResourceResizeRestartPolicy: ContainerResizePolicy.restartPolicy
v1.RestartPolicy: PodSpec.restartPolicy
v1.SeccompProfileType: SeccompProfile.type
v1.SecretType: Secret.type
v1.ServiceAffinity: ServiceSpec.sessionAffinity
v1.ServiceExternalTrafficPolicy: ServiceSpec.externalTrafficPolicy
v1.ServiceInternalTrafficPolicy: ServiceSpec.internalTrafficPolicy
v1.ServiceType: ServiceSpec.type
v1.Signal: ContainerStatus.stopSignal Lifecycle.stopSignal
v1.StorageMedium: EmptyDirVolumeSource.medium
v1.SupplementalGroupsPolicy: PodSecurityContext.supplementalGroupsPolicy
v1.TaintEffect: Taint.effect Toleration.effect
v1.TerminationMessagePolicy: Container.terminationMessagePolicy EphemeralContainer.terminationMessagePolicy
v1.TolerationOperator: Toleration.operator
v1.URIScheme: HTTPGetAction.scheme
v1.UniqueVolumeName: AttachedVolume.name NodeStatus.volumesInUse
v1.UnsatisfiableConstraintAction: TopologySpreadConstraint.whenUnsatisfiable
v1.VolumeHealthStatusType: VolumeHealthCondition.status
"""

_ROWS = (line.split(": ") for line in _TABLE.strip().splitlines())

GO_TYPES: dict[str, str] = {field: go for go, fields in _ROWS for field in fields.split()}
"""The Go type of a field (of a list: that of its elements), by ``Type.field``."""
